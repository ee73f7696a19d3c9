#include "local/api/logs_operations.hpp"

#include "local/api/arn.hpp"
#include "local/api/input.hpp"
#include "local/api/shape.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <vector>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kParameterError = "InvalidParameterException";
constexpr std::size_t kLongestName = 512;
constexpr std::size_t kMostDescribed = 50;
constexpr milliseconds kOldestEvent = std::chrono::days(14);
constexpr milliseconds kNewestEvent = std::chrono::hours(2);
constexpr milliseconds kLongestBatch = std::chrono::hours(24);

std::int64_t now_ms() {
  return net::wall_now().time_since_epoch().count();
}

tl::unexpected<ServiceError> constraint_failure(std::string_view member, std::string_view value,
                                                std::string_view constraint) {
  return invalid_parameter(
      fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: {}", value,
                  member, constraint));
}

bool is_group_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/#").find(c) != std::string_view::npos;
  });
}

bool is_stream_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name.find_first_of(":*") == std::string_view::npos;
}

std::string group_arn(std::string_view region, std::string_view group) {
  return make_arn("logs", region, fmt::format("log-group:{}", group));
}

// A batch as PutLogEvents takes it, split by what the service accepts of it.
struct Batch {
  std::vector<LogEvent> accepted;
  std::optional<std::int64_t> too_new_from;   // index of the first event that is too new
  std::optional<std::int64_t> too_old_until;  // one behind the last event that is too old
};

tl::expected<Batch, ServiceError> read_batch(const json::array& events, std::int64_t now) {
  Batch batch;
  std::size_t bytes = 0;
  std::int64_t earlier = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const json::object& event = events[i].get_object();
    const auto timestamp = find_integer(event, "timestamp");
    auto message = find_text(event, "message");
    if (auto missing = missing_member(event, {"timestamp", "message"}, kParameterError)) {
      return tl::unexpected(std::move(*missing));
    }
    if (*timestamp < 0) {
      return constraint_failure(fmt::format("logEvents.{}.member.timestamp", i + 1),
                                fmt::format("{}", *timestamp),
                                "Member must have value greater than or equal to 0");
    }
    if (message->empty()) {
      return constraint_failure(fmt::format("logEvents.{}.member.message", i + 1), "",
                                "Member must have length greater than or equal to 1");
    }
    const std::size_t size = message->size() + kLogEventOverhead;
    if (size > kMaxLogEventBytes) {
      return invalid_parameter(
          fmt::format("Log event too large: {} bytes exceeds limit of {}", size, kMaxLogEventBytes));
    }
    bytes += size;
    if (i != 0 && *timestamp < earlier) {
      return invalid_parameter("Log events in a single PutLogEvents request must be in chronological order.");
    }
    earlier = *timestamp;
    const auto index = static_cast<std::int64_t>(i);
    if (*timestamp < now - kOldestEvent.count()) {
      batch.too_old_until = index + 1;
    } else if (*timestamp > now + kNewestEvent.count()) {
      if (!batch.too_new_from) batch.too_new_from = index;
    } else {
      batch.accepted.push_back(
          {.id = 0, .timestamp_ms = *timestamp, .ingestion_ms = 0, .message = std::move(*message)});
    }
  }
  if (bytes > kMaxLogBatchBytes) {
    return invalid_parameter(
        fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kMaxLogBatchBytes));
  }
  return batch;
}

json::object shown_stream(const LogStream& stream, std::string_view region, std::string_view group) {
  json::object shown{{"logStreamName", stream.name},
                     {"creationTime", stream.created_ms},
                     {"arn", fmt::format("{}:log-stream:{}", group_arn(region, group), stream.name)},
                     {"storedBytes", 0}};
  if (stream.first_event_ms) shown["firstEventTimestamp"] = *stream.first_event_ms;
  if (stream.last_event_ms) shown["lastEventTimestamp"] = *stream.last_event_ms;
  if (stream.last_ingestion_ms) shown["lastIngestionTime"] = *stream.last_ingestion_ms;
  return shown;
}

// The wanted page of `keys` (in the order in which they are shown) by the services' `limit` and `nextToken`.
tl::expected<PageOfItems, ServiceError> page_by_limit(std::vector<std::string> keys,
                                                      const json::object& input, bool is_descending) {
  const auto limit = limit_of(input, kMostDescribed);
  if (!limit) return tl::unexpected(limit.error());
  json::object paging{{"maxResults", static_cast<std::int64_t>(*limit)}};
  if (const auto token = find_text(input, "nextToken")) {
    if (!from_token(*token)) return invalid_parameter("The specified nextToken is invalid.");
    paging["nextToken"] = *token;
  }
  return page_of(std::move(keys), paging, kMostDescribed, is_descending);
}

class LogsApi {
 public:
  LogsApi(LogStore& logs, std::string region) : logs_(&logs), region_(std::move(region)) {}

  Answer create_group(const json::object& input) {
    if (auto missing = missing_member(input, {"logGroupName"}, kParameterError)) {
      return tl::unexpected(std::move(*missing));
    }
    const std::string name = text_of(input, "logGroupName");
    if (!is_group_name(name)) {
      return constraint_failure("logGroupName", name,
                                "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+");
    }
    if (!logs_->create_group(name, now_ms())) {
      return refuse("ResourceAlreadyExistsException", "The specified log group already exists");
    }
    return json::object{};
  }

  Answer create_stream(const json::object& input) {
    if (auto missing = missing_member(input, {"logGroupName", "logStreamName"}, kParameterError)) {
      return tl::unexpected(std::move(*missing));
    }
    const std::string name = text_of(input, "logStreamName");
    if (!is_stream_name(name)) {
      return constraint_failure("logStreamName", name,
                                "Member must satisfy regular expression pattern: [^:*]*");
    }
    const auto group = existing_group(*logs_, region_, input);
    if (!group) return tl::unexpected(group.error());
    if (!logs_->create_stream(*group, name, now_ms())) {
      return refuse("ResourceAlreadyExistsException", "The specified log stream already exists");
    }
    return json::object{};
  }

  Answer put_events(const json::object& input) {
    if (auto missing =
            missing_member(input, {"logGroupName", "logStreamName", "logEvents"}, kParameterError)) {
      return tl::unexpected(std::move(*missing));
    }
    const json::array& events = list_of(input, "logEvents");
    if (events.empty() || events.size() > kMaxLogEvents) {
      return constraint_failure("logEvents", fmt::format("{} events", events.size()),
                                fmt::format("Member must have length between 1 and {}", kMaxLogEvents));
    }
    const auto group = existing_group(*logs_, region_, input);
    if (!group) return tl::unexpected(group.error());
    const std::string stream = text_of(input, "logStreamName");
    if (auto missing = missing_stream(*logs_, *group, stream)) return tl::unexpected(std::move(*missing));

    const std::int64_t now = now_ms();
    const auto batch = read_batch(events, now);
    if (!batch) return tl::unexpected(batch.error());
    const auto& accepted = batch->accepted;
    if (!accepted.empty() &&
        accepted.back().timestamp_ms - accepted.front().timestamp_ms > kLongestBatch.count()) {
      return invalid_parameter(
          "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
    }
    logs_->append(*group, stream, accepted, now);
    json::object answer{{"nextSequenceToken", fmt::format("{:056}", now)}};
    json::object rejected;
    if (batch->too_new_from) rejected["tooNewLogEventStartIndex"] = *batch->too_new_from;
    if (batch->too_old_until) rejected["tooOldLogEventEndIndex"] = *batch->too_old_until;
    if (!rejected.empty()) answer["rejectedLogEventsInfo"] = std::move(rejected);
    return answer;
  }

  Answer describe_groups(const json::object& input) {
    const std::string pattern = text_of(input, "logGroupNamePattern");
    if (!pattern.empty() && input.contains("logGroupNamePrefix")) {
      return invalid_parameter(
          "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
    }
    std::map<std::string, std::int64_t> created;
    for (const LogGroup& group : logs_->groups(text_of(input, "logGroupNamePrefix"))) {
      if (group.name.find(pattern) != std::string::npos) created[group.name] = group.created_ms;
    }
    std::vector<std::string> names;
    names.reserve(created.size());
    for (const auto& [name, created_ms] : created) names.push_back(name);
    const auto page = page_by_limit(std::move(names), input, false);
    if (!page) return tl::unexpected(page.error());
    json::array groups;
    for (const std::string& name : page->items) {
      groups.push_back(json::object{{"logGroupName", name},
                                    {"creationTime", created[name]},
                                    {"metricFilterCount", 0},
                                    {"arn", group_arn(region_, name) + ":*"},
                                    {"logGroupArn", group_arn(region_, name)},
                                    {"logGroupClass", "STANDARD"},
                                    {"storedBytes", 0}});
    }
    json::object answer{{"logGroups", std::move(groups)}};
    if (page->next_token) answer["nextToken"] = *page->next_token;
    return answer;
  }

  Answer describe_streams(const json::object& input) {
    const auto group = existing_group(*logs_, region_, input);
    if (!group) return tl::unexpected(group.error());
    const std::string order = find_text(input, "orderBy").value_or("LogStreamName");
    if (order != "LogStreamName" && order != "LastEventTime") {
      return constraint_failure("orderBy", order,
                                "Member must satisfy enum value set: [LogStreamName, LastEventTime]");
    }
    const bool by_time = order == "LastEventTime";
    const std::string prefix = text_of(input, "logStreamNamePrefix");
    if (by_time && !prefix.empty()) {
      return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
    }
    std::map<std::string, LogStream> streams;  // by what they are ordered by
    for (LogStream& stream : logs_->streams(*group, prefix)) {
      std::string key =
          by_time ? fmt::format("{:020} {}", stream.last_event_ms.value_or(0), stream.name) : stream.name;
      streams.emplace(std::move(key), std::move(stream));
    }
    std::vector<std::string> keys;
    keys.reserve(streams.size());
    for (const auto& [key, stream] : streams) keys.push_back(key);
    const bool is_descending = flag_of(input, "descending");
    if (is_descending) std::ranges::reverse(keys);
    const auto page = page_by_limit(std::move(keys), input, is_descending);
    if (!page) return tl::unexpected(page.error());
    json::array shown;
    for (const std::string& key : page->items) shown.push_back(shown_stream(streams[key], region_, *group));
    json::object answer{{"logStreams", std::move(shown)}};
    if (page->next_token) answer["nextToken"] = *page->next_token;
    return answer;
  }

 private:
  LogStore* logs_;
  std::string region_;
};

}  // namespace

tl::expected<std::string, ServiceError> existing_group(const LogStore& logs, std::string_view region,
                                                       const json::object& input) {
  std::string name = text_of(input, "logGroupName");
  if (name.empty()) {
    name = text_of(input, "logGroupIdentifier");
    if (const auto arn = parse_arn(name)) {
      constexpr std::string_view kPrefix = "log-group:";
      name = arn->resource.starts_with(kPrefix) ? arn->resource.substr(kPrefix.size()) : arn->resource;
      if (name.ends_with(":*")) name.resize(name.size() - 2);
    }
  }
  if (name.empty()) {
    return invalid_parameter(
        "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must "
        "not be "
        "null");
  }
  if (!may_be_ours(text_of(input, "logGroupIdentifier"), "logs", region, "log-group") ||
      !logs.has_group(name)) {
    return refuse("ResourceNotFoundException", "The specified log group does not exist.");
  }
  return name;
}

std::optional<ServiceError> missing_stream(const LogStore& logs, std::string_view group,
                                           std::string_view stream) {
  if (logs.has_stream(group, stream)) return std::nullopt;
  return refuse("ResourceNotFoundException", "The specified log stream does not exist.").value();
}

tl::expected<std::size_t, ServiceError> limit_of(const json::object& input, std::size_t most) {
  const std::int64_t limit = integer_of(input, "limit", static_cast<std::int64_t>(most));
  if (limit < 1 || limit > static_cast<std::int64_t>(most)) {
    return constraint_failure("limit", fmt::format("{}", limit),
                              fmt::format("Member must have value between 1 and {}", most));
  }
  return static_cast<std::size_t>(limit);
}

Operations logs_operations(LogStore& logs, std::string region) {
  const auto api = std::make_shared<LogsApi>(logs, std::move(region));
  Operations operations;
  operations["CreateLogGroup"] =
      shaped_at_once(R"({"logGroupName": "string", "tags": {"*": "string"}, "logGroupClass": "string"})",
                     [api](const json::object& input) { return api->create_group(input); });
  operations["CreateLogStream"] =
      shaped_at_once(R"({"logGroupName": "string", "logStreamName": "string"})",
                     [api](const json::object& input) { return api->create_stream(input); });
  operations["PutLogEvents"] = shaped_at_once(
      R"({"logGroupName": "string", "logStreamName": "string", "sequenceToken": "string",
          "logEvents": [{"timestamp": "integer", "message": "string"}]})",
      [api](const json::object& input) { return api->put_events(input); });
  operations["DescribeLogGroups"] = shaped_at_once(
      R"({"logGroupNamePrefix": "string", "logGroupNamePattern": "string", "nextToken": "string",
          "limit": "integer"})",
      [api](const json::object& input) { return api->describe_groups(input); });
  operations["DescribeLogStreams"] = shaped_at_once(
      R"({"logGroupName": "string", "logGroupIdentifier": "string", "logStreamNamePrefix": "string",
          "orderBy": "string", "descending": "boolean", "nextToken": "string", "limit": "integer"})",
      [api](const json::object& input) { return api->describe_streams(input); });
  return operations;
}

}  // namespace ferry::local
