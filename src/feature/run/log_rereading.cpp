#include "feature/run/log_rereading.hpp"

#include "aws/pages.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
std::vector<aws::logs::Filter> filters_for(std::span<const StreamAgain> streams) {
  std::map<std::pair<std::string, bool>, std::vector<const StreamAgain*>> together;
  for (const StreamAgain& stream : streams) together[{stream.group, stream.is_long}].push_back(&stream);
  std::vector<aws::logs::Filter> filters;
  for (const auto& [key, members] : together) {
    for (std::size_t at = 0; at < members.size(); ++at) {
      if (at % aws::logs::kMostStreams == 0)
        filters.push_back({.group = key.first, .streams = {}, .start_ms = members[at]->start_ms});
      aws::logs::Filter& filter = filters.back();
      filter.streams.push_back(members[at]->stream);
      filter.start_ms = std::min(filter.start_ms, members[at]->start_ms);
    }
  }
  return filters;
}

LogRereading::LogRereading(aws::Client& client, std::function<net::Task<>()> room)
    : client_(client),
      room_(std::move(room)),
      call_(client.loop(), aws::logs::kMostStreams,
            [this](std::vector<Question> questions) { return read_together(std::move(questions)); }) {}

net::Task<Result<>> LogRereading::read(StreamAgain stream, Take take) {
  // Goes when whoever asks is cancelled.
  const auto kept = std::make_shared<const Take>(std::move(take));
  Result<> read = co_await call_.ask(Question{.stream = std::move(stream), .take = kept});
  co_return read;
}

net::Task<std::vector<Result<>>> LogRereading::read_together(std::vector<Question> questions) {
  std::vector<StreamAgain> streams;
  streams.reserve(questions.size());
  for (const Question& question : questions) streams.push_back(question.stream);
  std::map<std::pair<std::string, std::string>, Result<>> outcomes;
  std::vector<aws::logs::Filter> filters = filters_for(streams);
  for (std::size_t at = 0; at < filters.size(); ++at) {
    const aws::logs::Filter filter = filters[at];
    const Result<> read = co_await read_pages(filter, questions);
    // One that is gone fails the call for all of its streams.
    if (!read && aws::logs::is_missing(read.error()) && filter.streams.size() > 1) {
      for (const std::string& stream : filter.streams)
        filters.push_back({.group = filter.group, .streams = {stream}, .start_ms = filter.start_ms});
    }
    for (const std::string& stream : filter.streams) outcomes[{filter.group, stream}] = read;
  }
  std::vector<Result<>> answers;
  answers.reserve(questions.size());
  for (const StreamAgain& stream : streams) answers.push_back(outcomes[{stream.group, stream.stream}]);
  co_return answers;
}

net::Task<Result<>> LogRereading::read_pages(aws::logs::Filter filter,
                                             const std::vector<Question>& questions) {
  std::string token;
  for (int count = 0; count < aws::kMostPages; ++count) {
    if (room_) co_await room_();
    Result<aws::logs::FilteredPage> page = co_await aws::logs::filter_log_events(client_, filter, token);
    if (!page) co_return fail(page.error());
    if (filter.streams.size() == 1) {
      for (aws::logs::Event& event : page->events) event.stream = filter.streams.front();
    }
    for (const Question& question : questions) {
      const std::shared_ptr<const LogRereading::Take> take = question.take.lock();
      if (!take || question.stream.group != filter.group) continue;
      for (const aws::logs::Event& event : page->events) {
        if (event.stream == question.stream.stream) (*take)(event);
      }
    }
    if (page->next_token.empty()) co_return Result<>();
    if (page->next_token == token) break;
    token = std::move(page->next_token);
  }
  co_return fail(FailureCode::protocol, "logs FilterLogEvents: its pages do not end");
}

}  // namespace ferry::feature
