// The endpoint's SQLite database: one file in the data folder, or memory for an endpoint that keeps nothing.
// Owns the connection and its prepared statements. The loop's thread only.
//
// Journal: WAL with synchronous=NORMAL. A commit is handed to the kernel before it returns, so it survives
// any death of this process; only a power cut can undo the last commits (never tear one). FULL would cost an
// fsync for every log line of every task.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace ferry::local {

// A read or write that the database could not do (a full disk, a damaged file). Thrown, because the stores'
// callers could do nothing but hand it on; the dispatcher catches it once per request and answers
// ServerException, and in a background task it ends the process: an endpoint that cannot keep its state
// must not go on as if it could.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// One run of a prepared statement: bind in order, step through the rows. Resets the statement when it goes.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(std::int64_t value);
  Query& bind(std::string_view text);  // copied
  Query& bind(double value);
  // True when there is a row to read.
  bool step();
  // For statements without rows.
  void run();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class Database {
 public:
  // Opens or makes the file; ":memory:" keeps nothing. Refuses a file that a newer version wrote or that is
  // no database.
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A statement is prepared once and kept; `sql` must not be in use by another Query at the same time.
  Query query(std::string_view sql);
  // The number of rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const;

 private:
  friend class Transaction;
  struct CloseConnection {
    void operator()(sqlite3* connection) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };

  explicit Database(sqlite3* connection);
  Result<> prepare_schema();
  void execute(const char* sql);

  std::unique_ptr<sqlite3, CloseConnection> connection_;
  std::map<std::string, std::unique_ptr<sqlite3_stmt, FinalizeStatement>, std::less<>> statements_;
  int transaction_depth_ = 0;
};

// All writes of its life or none: rolled back unless commit() was called. A transaction inside a transaction
// is part of the outer one. No co_await while one is open.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database* database_;
  bool is_open_ = true;
};

}  // namespace ferry::local
