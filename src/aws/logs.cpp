#include "aws/logs.hpp"

#include "aws/answer_reader.hpp"
#include "aws/pages.hpp"

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
                      .id = text_in(*event, "eventId")});
  }
}

}  // namespace

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

net::Task<Result<std::vector<Event>>> filter_log_events(Client& client, std::string group,
                                                        std::string stream) {
  json::object input;
  input["logGroupName"] = group;
  input["logStreamNames"] = json::array{json::string(stream)};
  std::vector<Event> events;
  const std::function<void(const json::object&)> take = [&events](const json::object& answer) {
    append_events(answer, events);
  };
  const Result<> read = co_await read_pages(client, Service::logs, "FilterLogEvents", std::move(input), take);
  if (!read) co_return fail(read.error());
  co_return events;
}

}  // namespace ferry::aws::logs
