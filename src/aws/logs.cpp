#include "aws/logs.hpp"

#include "aws/answer_reader.hpp"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

namespace ferry::aws::logs {
namespace {

namespace json = boost::json;

void append_events(const json::object& answer, std::vector<Event>& events) {
  for (const json::object* event : objects_in(answer, "events")) {
    events.push_back({.timestamp_ms = integer_in(*event, "timestamp").value_or(0),
                      .ingestion_ms = integer_in(*event, "ingestionTime").value_or(0),
                      .message = text_in(*event, "message"),
                      .id = text_in(*event, "eventId"),
                      .stream = text_in(*event, "logStreamName")});
  }
}

}  // namespace

bool is_missing(const Failure& failure) {
  return failure.service_code == "ResourceNotFoundException";
}

net::Task<Result<Page>> get_log_events(Client& client, std::string group, std::string stream,
                                       std::string forward_token) {
  json::object input;
  input["logGroupName"] = group;
  input["logStreamName"] = stream;
  input["startFromHead"] = true;
  if (!forward_token.empty()) input["nextToken"] = forward_token;
  const Result<json::object> answer = co_await client.call(Service::logs, "GetLogEvents", std::move(input));
  if (!answer) co_return fail(answer.error());
  Page page;
  append_events(*answer, page.events);
  page.next_forward_token = text_in(*answer, "nextForwardToken");
  page.is_complete = flag_in(*answer, "ferryLogComplete", false);
  co_return page;
}

net::Task<Result<FilteredPage>> filter_log_events(Client& client, Filter filter, std::string token) {
  json::object input;
  input["logGroupName"] = filter.group;
  json::array& streams = input["logStreamNames"].emplace_array();
  for (const std::string& stream : filter.streams) streams.emplace_back(stream);
  if (filter.start_ms > 0) input["startTime"] = filter.start_ms;
  if (!token.empty()) input["nextToken"] = token;
  const Result<json::object> answer =
      co_await client.call(Service::logs, "FilterLogEvents", std::move(input));
  if (!answer) co_return fail(answer.error());
  FilteredPage page;
  append_events(*answer, page.events);
  page.next_token = text_in(*answer, "nextToken");
  co_return page;
}

}  // namespace ferry::aws::logs
