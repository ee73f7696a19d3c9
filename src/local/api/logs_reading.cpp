#include "base/text.hpp"
#include "local/api/input.hpp"
#include "local/api/log_filter.hpp"
#include "local/api/logs_operations.hpp"
#include "local/api/shape.hpp"

#include <algorithm>
#include <compare>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostStreams = 100;

std::strong_ordering compare(const LogPosition& a, const LogPosition& b) {
  const auto by_time = a.timestamp_ms <=> b.timestamp_ms;
  return by_time != std::strong_ordering::equal ? by_time : a.id <=> b.id;
}

LogPosition position_of(const LogEvent& event) {
  return {.timestamp_ms = event.timestamp_ms, .id = event.id};
}

// A token of GetLogEvents: forward ones ("f/...") stand behind an event, backward ones ("b/...") before it.
struct LogToken {
  bool is_forward = true;
  LogPosition position;
};

std::string to_text(const LogToken& token) {
  return fmt::format("{}/{:020}/{:020}", token.is_forward ? 'f' : 'b', token.position.timestamp_ms,
                     token.position.id);
}

std::optional<LogToken> parse_token(std::string_view text) {
  const auto parts = split(text, '/');
  if (parts.size() != 3 || (parts[0] != "f" && parts[0] != "b")) return std::nullopt;
  const auto timestamp = parse_integer(parts[1]);
  const auto id = parse_integer(parts[2]);
  if (!timestamp || !id) return std::nullopt;
  return LogToken{.is_forward = parts[0] == "f", .position = {.timestamp_ms = *timestamp, .id = *id}};
}

tl::unexpected<ServiceError> invalid_token() {
  return invalid_parameter("The specified nextToken is invalid.");
}

// Where a page without events stands: at its token, else at the beginning or end of what was asked for.
LogPosition empty_place(const std::optional<LogToken>& token, const LogQuestion& question) {
  if (token) return token->position;
  constexpr LogPosition kBeginning{.timestamp_ms = 0, .id = 0};
  return compare(question.after, kBeginning) > 0 ? question.after : kBeginning;
}

json::object page_of_events(std::vector<LogRecord> records, const std::optional<LogToken>& token,
                            const LogQuestion& question) {
  if (question.is_backward) std::ranges::reverse(records);
  LogToken forward{.is_forward = true, .position = empty_place(token, question)};
  LogToken backward{.is_forward = false, .position = forward.position};
  if (!records.empty()) {
    backward.position = position_of(records.front().event);
    forward.position = position_of(records.back().event);
  } else if (token && token->is_forward) {
    ++backward.position.id;  // before the place behind an event is that event
  } else if (token) {
    --forward.position.id;
  }
  json::array events;
  for (const LogRecord& record : records) {
    events.push_back(json::object{{"timestamp", record.event.timestamp_ms},
                                  {"message", record.event.message},
                                  {"ingestionTime", record.event.ingestion_ms}});
  }
  return json::object{{"events", std::move(events)},
                      {"nextForwardToken", to_text(forward)},
                      {"nextBackwardToken", to_text(backward)}};
}

// Whether nothing is stored behind the records.
bool ends_with(const LogStore& logs, const std::string& group, LogQuestion question,
               const std::vector<LogRecord>& records) {
  if (question.is_backward) return false;
  if (records.empty()) return true;
  question.after = position_of(records.back().event);
  question.max_events = 1;
  return logs.read(group, question).empty();
}

Answer get_events(const LogStore& logs, std::string_view region, const json::object& input) {
  if (auto missing = missing_member(input, {"logStreamName"}, "InvalidParameterException")) {
    return tl::unexpected(std::move(*missing));
  }
  const auto group = existing_group(logs, region, input);
  if (!group) return tl::unexpected(group.error());
  const std::string stream = text_of(input, "logStreamName");
  if (auto missing = missing_stream(logs, *group, stream)) return tl::unexpected(std::move(*missing));
  const auto limit = limit_of(input, kMaxLogEvents);
  if (!limit) return tl::unexpected(limit.error());

  LogQuestion question;
  question.streams = {stream};
  question.max_events = *limit;
  // startTime is inclusive and endTime exclusive: ids begin at 1.
  if (const auto start = find_integer(input, "startTime")) question.after = {.timestamp_ms = *start, .id = 0};
  if (const auto end = find_integer(input, "endTime")) question.before = {.timestamp_ms = *end, .id = 0};
  question.is_backward = !flag_of(input, "startFromHead");
  std::optional<LogToken> token;
  if (const auto text = find_text(input, "nextToken")) {
    token = parse_token(*text);
    if (!token) return invalid_token();
    question.is_backward = !token->is_forward;
    if (token->is_forward && compare(token->position, question.after) > 0) question.after = token->position;
    if (!token->is_forward && compare(token->position, question.before) < 0)
      question.before = token->position;
  }
  std::vector<LogRecord> records = logs.read(*group, question);
  const bool is_complete = logs.is_complete(*group, stream) && ends_with(logs, *group, question, records);
  json::object page = page_of_events(std::move(records), token, question);
  // No member of the service's: other clients pass over it, and ferry need not wait for what may yet come.
  if (is_complete) page["ferryLogComplete"] = true;
  return page;
}

// The streams that a FilterLogEvents names; nothing for all of the group.
tl::expected<std::optional<std::vector<std::string>>, ServiceError> wanted_streams(
    const LogStore& logs, const std::string& group, const json::object& input) {
  std::vector<std::string> names = texts_of(input, "logStreamNames");
  const std::string prefix = text_of(input, "logStreamNamePrefix");
  if (!names.empty() && !prefix.empty()) {
    return invalid_parameter("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.");
  }
  if (names.size() > kMostStreams) {
    return invalid_parameter(fmt::format("logStreamNames must have at most {} elements.", kMostStreams));
  }
  for (const std::string& name : names) {
    if (auto missing = missing_stream(logs, group, name)) return tl::unexpected(std::move(*missing));
  }
  if (names.empty() && prefix.empty()) return std::nullopt;
  if (names.empty()) {
    for (LogStream& stream : logs.streams(group, prefix)) names.push_back(std::move(stream.name));
  }
  return names;
}

json::object shown_record(const LogRecord& record) {
  return json::object{{"logStreamName", record.stream},
                      {"timestamp", record.event.timestamp_ms},
                      {"message", record.event.message},
                      {"ingestionTime", record.event.ingestion_ms},
                      {"eventId", fmt::format("{:020}{:036}", record.event.timestamp_ms, record.event.id)}};
}

Answer filter_events(const LogStore& logs, std::string_view region, const std::function<bool()>& repeats,
                     const json::object& input) {
  const auto group = existing_group(logs, region, input);
  if (!group) return tl::unexpected(group.error());
  const auto filter = LogFilter::parse(text_of(input, "filterPattern"));
  if (!filter) return invalid_parameter(filter.error().line());
  const auto limit = limit_of(input, kMaxLogEvents);
  if (!limit) return tl::unexpected(limit.error());
  const auto streams = wanted_streams(logs, *group, input);
  if (!streams) return tl::unexpected(streams.error());

  json::object answer{{"events", json::array{}}, {"searchedLogStreams", json::array{}}};
  if (*streams && (*streams)->empty()) return answer;
  LogQuestion question;
  question.streams = streams->value_or(std::vector<std::string>{});
  question.max_events = *limit;
  // Both ends are inclusive here, unlike GetLogEvents'.
  if (const auto start = find_integer(input, "startTime")) question.after = {.timestamp_ms = *start, .id = 0};
  if (const auto end = find_integer(input, "endTime");
      end && *end != std::numeric_limits<std::int64_t>::max()) {
    question.before = {.timestamp_ms = *end + 1, .id = 0};
  }
  if (const auto text = find_text(input, "nextToken")) {
    const auto token = parse_token(*text);
    if (!token || !token->is_forward) return invalid_token();
    if (compare(token->position, question.after) > 0) question.after = token->position;
  }
  const std::vector<LogRecord> records = logs.read(*group, question);
  json::array& events = answer["events"].get_array();
  for (const LogRecord& record : records) {
    if (!filter->matches(record.event.message)) continue;
    events.push_back(shown_record(record));
    if (repeats()) events.push_back(shown_record(record));
  }
  if (records.empty()) return answer;
  question.after = position_of(records.back().event);
  question.max_events = 1;
  if (!logs.read(*group, question).empty()) {
    answer["nextToken"] = to_text(LogToken{.is_forward = true, .position = question.after});
  }
  return answer;
}

}  // namespace

Operations logs_reading_operations(LogStore& logs, std::string region, std::function<bool()> repeats) {
  Operations operations;
  operations["GetLogEvents"] = shaped_at_once(
      R"({"logGroupName": "string", "logGroupIdentifier": "string", "logStreamName": "string",
          "startTime": "integer", "endTime": "integer", "nextToken": "string", "limit": "integer",
          "startFromHead": "boolean"})",
      [&logs, region](const json::object& input) { return get_events(logs, region, input); });
  operations["FilterLogEvents"] = shaped_at_once(
      R"({"logGroupName": "string", "logGroupIdentifier": "string", "logStreamNames": ["string"],
          "logStreamNamePrefix": "string", "startTime": "integer", "endTime": "integer",
          "filterPattern": "string", "nextToken": "string", "limit": "integer", "interleaved": "boolean"})",
      [&logs, region, repeats = std::move(repeats)](const json::object& input) {
        return filter_events(logs, region, repeats, input);
      });
  return operations;
}

}  // namespace ferry::local
