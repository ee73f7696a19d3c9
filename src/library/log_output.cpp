#include "library/log_output.hpp"

#include "base/text.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

namespace ferry::library {
LogOutput::LogOutput(net::Loop& loop, feature::OutputSink sink, std::size_t limit,
                     std::function<void(std::string_view)> notice)
    : sink_(std::move(sink)), limit_(limit), notice_(std::move(notice)) {
  if (const int* fd = std::get_if<int>(&sink_)) stream_.emplace(loop, *fd, [] {});
}

void LogOutput::accepted(const std::string& task_arn) {
  notice_(fmt::format("started task {}", task_arn));
}

void LogOutput::found(const std::string& task_arn) {
  notice_(fmt::format("already started: following task {}", task_arn));
}

void LogOutput::status(const std::string& /*task_arn*/, std::string_view /*phase*/) {}

void LogOutput::log(const std::string& /*task_arn*/, std::string_view /*container*/,
                    std::span<const aws::logs::Event> events) {
  std::string text;
  for (const aws::logs::Event& event : events) text += event.message + '\n';
  write(text);
}

void LogOutput::superseded(const std::string& /*task_arn*/) {
  if (std::string* const* kept = std::get_if<std::string*>(&sink_)) (*kept)->clear();
  is_over_limit_ = false;
}

void LogOutput::notice(std::string_view line) {
  notice_(line);
}

void LogOutput::second_passed() {}

void LogOutput::write(std::string_view text) {
  if (text.empty()) return;
  if (stream_) {
    stream_->put(as_bytes(text));
  } else if (std::string* const* kept = std::get_if<std::string*>(&sink_)) {
    const std::size_t room = limit_ - (*kept)->size();
    is_over_limit_ = is_over_limit_ || text.size() > room;
    (*kept)->append(text.substr(0, room));
  } else {
    std::get<std::function<void(BytesView)>>(sink_)(as_bytes(text));
  }
}

std::optional<std::size_t> LogOutput::exceeded(const std::string& /*task_arn*/) const {
  return is_over_limit_ ? std::optional(limit_) : std::nullopt;
}

net::Task<> LogOutput::write_output() {
  if (stream_) co_await stream_->run();
}

Result<> LogOutput::written() const {
  if (!stream_ || stream_->failure()) return {};
  return fail(stream_->failure().error().in("the log"));
}

}  // namespace ferry::library
