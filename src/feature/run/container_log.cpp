#include "feature/run/container_log.hpp"

#include "feature/task_wait.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr int kMostFailures = 6;  // in a row, after the task has stopped
constexpr int kMostDoublings = 5;

bool is_missing(const Failure& failure) {
  return failure.service_code == "ResourceNotFoundException";
}

}  // namespace

ContainerLog::ContainerLog(aws::Client& client, std::string container, LogSource source, LogListener listener)
    : client_(client),
      container_(std::move(container)),
      source_(std::move(source)),
      listener_(std::move(listener)) {
  if (!source_.unreadable.empty()) cannot_be_read(source_.unreadable);
}

std::optional<Instant> ContainerLog::due() const {
  if (!is_open()) return std::nullopt;
  const std::optional<Instant> due = follower_.due();
  return due ? std::optional(std::max(*due, not_before_)) : std::nullopt;
}

net::Task<LogRead> ContainerLog::read() {
  const Instant asked_at = net::steady_now();
  Result<aws::logs::Page> page =
      co_await aws::logs::get_log_events(client_, source_.group, source_.stream, follower_.token());
  LogRead outcome = LogRead::silent;
  if (page) {
    failures_ = 0;
    std::size_t bytes = 0;
    for (const aws::logs::Event& event : page->events) {
      bytes += event.message.size();
      shown_.seen(event.timestamp_ms, event.message);
    }
    if (!page->events.empty()) outcome = LogRead::brought_events;
    if (!page->events.empty()) listener_.events(container_, page->events);
    follower_.page(asked_at, page->events.size(), bytes, std::move(page->next_forward_token),
                   page->is_complete);
  } else if (is_missing(page.error())) {
    follower_.missing(asked_at);
  } else {
    outcome = failed(page.error());
  }
  co_await judge_end();
  co_return outcome;
}

LogRead ContainerLog::failed(const Failure& failure) {
  ++failures_;
  if (!may_pass(failure) || (has_stopped_ && failures_ >= kMostFailures)) {
    cannot_be_read(failure.line());
  } else {
    not_before_ = net::steady_now() + seconds(1LL << std::min(failures_, kMostDoublings));
  }
  return LogRead::refused;
}

void ContainerLog::cannot_be_read(std::string_view reason) {
  state_ = Ending::unavailable;
  listener_.notice(fmt::format(
      "the log of container '{}' cannot be read: {}; its exit code comes nevertheless", container_, reason));
}

net::Task<> ContainerLog::judge_end() {
  if (!has_stopped_ || !is_open() || !follower_.end()) co_return;
  if (follower_.end() == wire::LogEnd::missing) {
    std::string reason = fmt::format("there is no stream {} in log group {}", source_.stream, source_.group);
    const std::string& region = client_.settings().region;
    if (!source_.region.empty() && source_.region != region)
      reason += fmt::format(" (it is written in {}, and was looked for in {})", source_.region, region);
    cannot_be_read(reason);
    co_return;
  }
  if (follower_.end() == wire::LogEnd::unproven)
    listener_.notice("the log gave no sign of its end: later lines may be missing");
  const bool is_read_again = co_await read_again();
  state_ = is_read_again && follower_.end() == wire::LogEnd::complete ? Ending::complete : Ending::settled;
}

net::Task<bool> ContainerLog::read_again() {
  const Result<std::vector<aws::logs::Event>> events =
      co_await aws::logs::filter_log_events(client_, source_.group, source_.stream);
  if (!events) {
    listener_.notice(fmt::format("the log was read once only, lines that came late may be missing: {}",
                                 events.error().line()));
    co_return false;
  }
  std::vector<aws::logs::Event> late;
  for (const aws::logs::Event& event : *events) {
    if (shown_.is_new(event.id, event.timestamp_ms, event.message)) late.push_back(event);
  }
  if (!late.empty()) listener_.events(container_, late);
  co_return true;
}

void ContainerLog::task_stopped(Instant now, milliseconds settle_window) {
  has_stopped_ = true;
  follower_.task_stopped(now, settle_window);
}

void ContainerLog::never_ran() {
  if (is_open()) state_ = Ending::never_ran;
}

std::optional<LogState> ContainerLog::state() const {
  if (!state_) return std::nullopt;
  switch (*state_) {
    case Ending::complete:
      return LogState::complete;
    case Ending::settled:
      return LogState::settled;
    case Ending::unavailable:
      return LogState::unavailable;
    case Ending::never_ran:
      break;
  }
  return std::nullopt;
}

}  // namespace ferry::feature
