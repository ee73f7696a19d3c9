// Log groups, streams and events, as CloudWatch Logs keeps them. An event that append() returned for is on
// disk. The loop's thread only.
#pragma once

#include "local/store/database.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

  // In one transaction; the stream must exist. ids and ingestion times of the argument are not read.
  void append(std::string_view group, std::string_view stream, std::span<const LogEvent> events,
              std::int64_t now_ms);
  // Events after (timestamp, id) in that order, at most `limit`.
  [[nodiscard]] std::vector<LogEvent> events_after(std::string_view group, std::string_view stream,
                                                   std::int64_t timestamp_ms, std::int64_t id,
                                                   std::size_t limit) const;
  void erase_all();

 private:
  Database* database_;
};

}  // namespace ferry::local
