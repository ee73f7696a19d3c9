// Log groups, streams and events, as CloudWatch Logs keeps them. An event that append() returned for is on
// disk. The loop's thread only.
#pragma once

#include "local/store/database.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::local {

struct LogEvent {
  std::int64_t id = 0;  // grows with every event of the store; given by append()
  std::int64_t timestamp_ms = 0;
  std::int64_t ingestion_ms = 0;
  std::string message;
};

struct LogStream {
  std::string name;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> first_event_ms, last_event_ms, last_ingestion_ms;
};

struct LogGroup {
  std::string name;
  std::int64_t created_ms = 0;
};

// A place between two events: events are ordered by timestamp, then by id.
struct LogPosition {
  std::int64_t timestamp_ms = 0;
  std::int64_t id = 0;
};

struct LogQuestion {
  std::vector<std::string> streams;  // empty asks all streams of the group
  LogPosition after{.timestamp_ms = std::numeric_limits<std::int64_t>::min(), .id = 0};   // exclusive
  LogPosition before{.timestamp_ms = std::numeric_limits<std::int64_t>::max(), .id = 0};  // exclusive
  bool is_backward = false;                                                               // newest first
  std::size_t max_events = 10'000;
  std::size_t max_bytes = 1U << 20U;  // of messages; the first event is given however long it is
};

struct LogRecord {
  LogEvent event;
  std::string stream;
};

class LogStore {
 public:
  explicit LogStore(Database& database);

  // False where it exists already.
  bool create_group(std::string_view name, std::int64_t now_ms);
  // False where it exists already; the group must exist.
  bool create_stream(std::string_view group, std::string_view name, std::int64_t now_ms);
  [[nodiscard]] bool has_group(std::string_view name) const;
  [[nodiscard]] bool has_stream(std::string_view group, std::string_view name) const;
  [[nodiscard]] std::vector<LogGroup> groups(std::string_view prefix) const;
  [[nodiscard]] std::vector<LogStream> streams(std::string_view group, std::string_view prefix) const;

  // For several append() in one transaction.
  Transaction begin() { return Transaction(*database_); }
  // In one transaction; the stream must exist. ids and ingestion times of the argument are not read.
  void append(std::string_view group, std::string_view stream, std::span<const LogEvent> events,
              std::int64_t now_ms);
  // Whole events in the question's order, until one of its bounds is reached; the group must exist.
  [[nodiscard]] std::vector<LogRecord> read(std::string_view group, const LogQuestion& question) const;
  // Whoever writes the stream is done with it. Known for as long as this store lives, not on disk.
  void complete(std::string_view group, std::string_view stream);
  [[nodiscard]] bool is_complete(std::string_view group, std::string_view stream) const;
  void erase_all();

 private:
  Database* database_;
  std::set<std::pair<std::string, std::string>> complete_;  // group, stream
};

}  // namespace ferry::local
