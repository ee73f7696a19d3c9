#include "local/store/database.hpp"

#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>

#include <fmt/format.h>
#include <sqlite3.h>

namespace ferry::local {
namespace {

constexpr std::int64_t kSchemaVersion = 2;

constexpr const char* kSchema = R"(
  CREATE TABLE document (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) WITHOUT ROWID;
  CREATE TABLE log_group (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL
  );
  CREATE TABLE log_stream (
    id INTEGER PRIMARY KEY,
    group_id INTEGER NOT NULL REFERENCES log_group,
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    first_event_ms INTEGER,
    last_event_ms INTEGER,
    last_ingestion_ms INTEGER,
    UNIQUE (group_id, name)
  );
  CREATE TABLE log_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER NOT NULL REFERENCES log_group,
    stream_id INTEGER NOT NULL REFERENCES log_stream,
    timestamp_ms INTEGER NOT NULL,
    ingestion_ms INTEGER NOT NULL,
    message TEXT NOT NULL
  );
  CREATE INDEX log_event_of_stream ON log_event (stream_id, timestamp_ms, id);
  CREATE INDEX log_event_of_group ON log_event (group_id, timestamp_ms, id);
)";

// What is looked for among thousands of tasks (documents.hpp): each index has the document's key behind the
// value.
constexpr const char* kIndexes = R"(
  CREATE INDEX document_by_desiredStatus ON document (kind, json_extract(json, '$.desiredStatus'));
  CREATE INDEX document_by_lastStatus ON document (kind, json_extract(json, '$.lastStatus'));
  CREATE INDEX document_by_startedBy ON document (kind, json_extract(json, '$.startedBy'));
  CREATE INDEX document_by_group ON document (kind, json_extract(json, '$.group'));
  CREATE INDEX document_by_taskDefinitionArn ON document (kind, json_extract(json, '$.taskDefinitionArn'));
  CREATE INDEX document_by_stoppedAt ON document (kind, json_extract(json, '$.stoppedAt'));
)";

[[noreturn]] void throw_store_error(sqlite3* connection, std::string_view doing) {
  throw StoreError(fmt::format("cannot {} the endpoint's database: {}", doing, sqlite3_errmsg(connection)));
}

// SQLite gives its journals the mode of the database file, which must be nobody else's to read.
Result<> make_private(const std::string& path) {
  if (path == ":memory:") return {};
  constexpr mode_t kOwnerOnly = 0600;
  const sys::UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (file.valid()) return {};
  return fail(system_failure(fmt::format("cannot open the endpoint's database {}", path), errno));
}

}  // namespace

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::int64_t value) {
  if (sqlite3_bind_int64(statement_, ++bound_, value) != SQLITE_OK) {
    throw_store_error(sqlite3_db_handle(statement_), "write to");
  }
  return *this;
}

Query& Query::bind(double value) {
  if (sqlite3_bind_double(statement_, ++bound_, value) != SQLITE_OK) {
    throw_store_error(sqlite3_db_handle(statement_), "write to");
  }
  return *this;
}

Query& Query::bind(std::string_view text) {
  // An empty view may have no memory behind it, which SQLite would take for NULL.
  const char* data = text.empty() ? "" : text.data();
  // A null destructor argument would promise that the text outlives the statement; -1 asks for a copy.
  const auto copied = reinterpret_cast<sqlite3_destructor_type>(-1);  // NOLINT(performance-no-int-to-ptr)
  if (sqlite3_bind_text64(statement_, ++bound_, data, text.size(), copied, SQLITE_UTF8) != SQLITE_OK) {
    throw_store_error(sqlite3_db_handle(statement_), "write to");
  }
  return *this;
}

bool Query::step() {
  const int outcome = sqlite3_step(statement_);
  if (outcome == SQLITE_ROW) return true;
  if (outcome != SQLITE_DONE) throw_store_error(sqlite3_db_handle(statement_), "read or write");
  return false;
}

void Query::run() {
  while (step()) {
  }
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Query::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Database::CloseConnection::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

void Database::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Database::Database(sqlite3* connection) : connection_(connection) {}

Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  if (auto made = make_private(path); !made) return fail(std::move(made.error()));
  sqlite3* connection = nullptr;
  const int outcome = sqlite3_open_v2(
      path.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(connection));  // NOLINT(cppcoreguidelines-owning-memory)
  if (outcome != SQLITE_OK) {
    return fail(FailureCode::local_system,
                fmt::format("cannot open the endpoint's database {}: {}", path, sqlite3_errstr(outcome)));
  }
  auto prepared = database->prepare_schema();
  if (!prepared) return fail(prepared.error().in(path));
  return database;
}

Result<> Database::prepare_schema() {
  try {
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = NORMAL");
    execute("PRAGMA foreign_keys = ON");
    std::int64_t version = 0;
    {
      Query query = this->query("PRAGMA user_version");
      query.step();
      version = query.integer(0);
    }
    if (version == kSchemaVersion) return {};
    if (version > kSchemaVersion) {
      return fail(
          FailureCode::usage,
          fmt::format("the database has schema version {}, this ferry knows {}", version, kSchemaVersion),
          "use the ferry that wrote it, or another --data folder");
    }
    Transaction transaction(*this);
    if (version == 0) execute(kSchema);
    execute(kIndexes);
    execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
    transaction.commit();
    return {};
  } catch (const StoreError& error) {
    return fail(FailureCode::local_system, error.what(), "move the file away, or use another --data folder");
  }
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw_store_error(connection_.get(), "write to");
  }
}

Query Database::query(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
      throw_store_error(connection_.get(), "ask");
    }
    found = statements_.emplace(sql, statement).first;
  }
  return Query(found->second.get());
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(connection_.get());
}

Transaction::Transaction(Database& database) : database_(&database) {
  if (database_->transaction_depth_ == 0) database_->execute("BEGIN IMMEDIATE");
  ++database_->transaction_depth_;
}

Transaction::~Transaction() {
  if (!is_open_) return;
  --database_->transaction_depth_;
  // Not through execute(): SQLite may have rolled back by itself, and a destructor must not throw.
  if (database_->transaction_depth_ == 0) {
    sqlite3_exec(database_->connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  if (database_->transaction_depth_ == 1) database_->execute("COMMIT");
  --database_->transaction_depth_;
  is_open_ = false;
}

}  // namespace ferry::local
