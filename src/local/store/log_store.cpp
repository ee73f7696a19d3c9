#include "local/store/log_store.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

std::int64_t group_id(Database& database, std::string_view name) {
  Query query = database.query("SELECT id FROM log_group WHERE name = ?");
  query.bind(name);
  if (!query.step()) throw StoreError(fmt::format("there is no log group {}", name));
  return query.integer(0);
}

std::optional<std::int64_t> column_or_nothing(const Query& query, int column) {
  if (query.is_null(column)) return std::nullopt;
  return query.integer(column);
}

// One statement for each direction and for all or some streams, so that each can use its index.
std::string_view reading_statement(bool some_streams, bool is_backward) {
  constexpr std::string_view kColumns =
      "SELECT e.id, e.timestamp_ms, e.ingestion_ms, e.message, s.name "
      "FROM log_event e JOIN log_stream s ON s.id = e.stream_id ";
  constexpr std::string_view kRange =
      " AND (e.timestamp_ms, e.id) > (?2, ?3) AND (e.timestamp_ms, e.id) < (?4, ?5) ";
  constexpr std::string_view kSome =
      "WHERE e.stream_id IN (SELECT id FROM log_stream WHERE group_id = ?1 "
      "AND name IN (SELECT value FROM json_each(?6)))";
  constexpr std::string_view kAll = "WHERE e.group_id = ?1";
  constexpr std::string_view kForward = "ORDER BY e.timestamp_ms, e.id";
  constexpr std::string_view kBackward = "ORDER BY e.timestamp_ms DESC, e.id DESC";
  static const std::string some_forward = fmt::format("{}{}{}{}", kColumns, kSome, kRange, kForward);
  static const std::string some_backward = fmt::format("{}{}{}{}", kColumns, kSome, kRange, kBackward);
  static const std::string all_forward = fmt::format("{}{}{}{}", kColumns, kAll, kRange, kForward);
  static const std::string all_backward = fmt::format("{}{}{}{}", kColumns, kAll, kRange, kBackward);
  if (some_streams) return is_backward ? some_backward : some_forward;
  return is_backward ? all_backward : all_forward;
}

}  // namespace

LogStore::LogStore(Database& database) : database_(&database) {}

bool LogStore::create_group(std::string_view name, std::int64_t now_ms) {
  database_->query("INSERT OR IGNORE INTO log_group (name, created_ms) VALUES (?, ?)")
      .bind(name)
      .bind(now_ms)
      .run();
  return database_->changes() != 0;
}

bool LogStore::create_stream(std::string_view group, std::string_view name, std::int64_t now_ms) {
  database_->query("INSERT OR IGNORE INTO log_stream (group_id, name, created_ms) VALUES (?, ?, ?)")
      .bind(group_id(*database_, group))
      .bind(name)
      .bind(now_ms)
      .run();
  return database_->changes() != 0;
}

bool LogStore::has_group(std::string_view name) const {
  return database_->query("SELECT 1 FROM log_group WHERE name = ?").bind(name).step();
}

bool LogStore::has_stream(std::string_view group, std::string_view name) const {
  return database_
      ->query(
          "SELECT 1 FROM log_stream s JOIN log_group g ON g.id = s.group_id WHERE g.name = ? AND s.name = ?")
      .bind(group)
      .bind(name)
      .step();
}

std::vector<LogGroup> LogStore::groups(std::string_view prefix) const {
  Query query = database_->query(
      "SELECT name, created_ms FROM log_group WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name");
  query.bind(prefix);
  std::vector<LogGroup> groups;
  while (query.step()) groups.push_back({.name = query.text(0), .created_ms = query.integer(1)});
  return groups;
}

std::vector<LogStream> LogStore::streams(std::string_view group, std::string_view prefix) const {
  Query query = database_->query(
      "SELECT name, created_ms, first_event_ms, last_event_ms, last_ingestion_ms FROM log_stream "
      "WHERE group_id = ?1 AND substr(name, 1, length(?2)) = ?2 ORDER BY name");
  query.bind(group_id(*database_, group)).bind(prefix);
  std::vector<LogStream> streams;
  while (query.step()) {
    streams.push_back({.name = query.text(0),
                       .created_ms = query.integer(1),
                       .first_event_ms = column_or_nothing(query, 2),
                       .last_event_ms = column_or_nothing(query, 3),
                       .last_ingestion_ms = column_or_nothing(query, 4)});
  }
  return streams;
}

void LogStore::append(std::string_view group, std::string_view stream, std::span<const LogEvent> events,
                      std::int64_t now_ms) {
  if (events.empty()) return;
  Transaction transaction(*database_);
  const std::int64_t group_number = group_id(*database_, group);
  std::int64_t stream_number = 0;
  {
    Query query = database_->query("SELECT id FROM log_stream WHERE group_id = ? AND name = ?");
    query.bind(group_number).bind(stream);
    if (!query.step()) throw StoreError(fmt::format("there is no log stream {} in {}", stream, group));
    stream_number = query.integer(0);
  }
  for (const LogEvent& event : events) {
    database_
        ->query(
            "INSERT INTO log_event (group_id, stream_id, timestamp_ms, ingestion_ms, message) "
            "VALUES (?, ?, ?, ?, ?)")
        .bind(group_number)
        .bind(stream_number)
        .bind(event.timestamp_ms)
        .bind(now_ms)
        .bind(event.message)
        .run();
  }
  const auto [first, last] = std::ranges::minmax(events, {}, &LogEvent::timestamp_ms);
  database_
      ->query(
          "UPDATE log_stream SET first_event_ms = min(coalesce(first_event_ms, ?2), ?2), "
          "last_event_ms = max(coalesce(last_event_ms, ?3), ?3), last_ingestion_ms = ?4 WHERE id = ?1")
      .bind(stream_number)
      .bind(first.timestamp_ms)
      .bind(last.timestamp_ms)
      .bind(now_ms)
      .run();
  transaction.commit();
}

std::vector<LogRecord> LogStore::read(std::string_view group, const LogQuestion& question) const {
  const bool some_streams = !question.streams.empty();
  Query query = database_->query(reading_statement(some_streams, question.is_backward));
  query.bind(group_id(*database_, group))
      .bind(question.after.timestamp_ms)
      .bind(question.after.id)
      .bind(question.before.timestamp_ms)
      .bind(question.before.id);
  if (some_streams) {
    query.bind(boost::json::serialize(boost::json::array(question.streams.begin(), question.streams.end())));
  }
  std::vector<LogRecord> records;
  std::size_t bytes = 0;
  while (records.size() < question.max_events && query.step()) {
    std::string message = query.text(3);
    bytes += message.size();
    if (!records.empty() && bytes > question.max_bytes) break;
    records.push_back({.event = {.id = query.integer(0),
                                 .timestamp_ms = query.integer(1),
                                 .ingestion_ms = query.integer(2),
                                 .message = std::move(message)},
                       .stream = query.text(4)});
  }
  return records;
}

void LogStore::complete(std::string_view group, std::string_view stream) {
  complete_.emplace(group, stream);
}

bool LogStore::is_complete(std::string_view group, std::string_view stream) const {
  return complete_.contains({std::string(group), std::string(stream)});
}

void LogStore::erase_all() {
  complete_.clear();
  Transaction transaction(*database_);
  database_->query("DELETE FROM log_event").run();
  database_->query("DELETE FROM log_stream").run();
  database_->query("DELETE FROM log_group").run();
  transaction.commit();
}

}  // namespace ferry::local
