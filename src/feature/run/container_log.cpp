#include "feature/run/container_log.hpp"

#include "feature/task_wait.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr int kMostFailures = 6;  // in a row, after the task has stopped
constexpr int kMostDoublings = 5;
constexpr milliseconds kClocksApart{5 * 60'000};
constexpr std::size_t kRememberedOfAll = std::size_t{4} * wire::LogMerge::kMost;
constexpr std::size_t kLeastRemembered = 1'024;

net::Task<> read_one_again(ContainerLog& log, LogRereading& rereading, std::int64_t start_ms,
                           std::ptrdiff_t& left, net::Event& all_read) {
  co_await log.read_again(rereading, start_ms);
  if (--left == 0) all_read.set();
}

}  // namespace

std::int64_t log_start(const aws::ecs::Task& task) {
  if (!task.created_at) return 0;
  return (wall_time(*task.created_at) - kClocksApart).time_since_epoch().count();
}

std::size_t remembered_events(std::size_t logs) {
  return std::clamp(kRememberedOfAll / std::max<std::size_t>(logs, 1), kLeastRemembered,
                    wire::LogMerge::kMost);
}

ContainerLog::ContainerLog(aws::Client& client, std::string container, LogSource source, LogListener listener,
                           std::size_t remembered)
    : client_(client),
      container_(std::move(container)),
      source_(std::move(source)),
      listener_(std::move(listener)),
      shown_(remembered) {
  if (!source_.unreadable.empty()) cannot_be_read(source_.unreadable);
}

std::optional<Instant> ContainerLog::due() const {
  if (!is_open() || is_read_once_) return std::nullopt;
  const std::optional<Instant> due = follower_.due();
  return due ? std::optional(std::max(*due, not_before_)) : std::nullopt;
}

net::Task<LogRead> ContainerLog::read() {
  if (listener_.room) co_await listener_.room();
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
  } else if (aws::logs::is_missing(page.error())) {
    follower_.missing(asked_at);
  } else {
    outcome = failed(page.error());
  }
  judge_end();
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

void ContainerLog::judge_end() {
  if (!has_stopped_ || !is_open() || !follower_.end()) return;
  if (follower_.end() == wire::LogEnd::missing) {
    std::string reason = fmt::format("there is no stream {} in log group {}", source_.stream, source_.group);
    const std::string& region = client_.settings().region;
    if (!source_.region.empty() && source_.region != region)
      reason += fmt::format(" (it is written in {}, and was looked for in {})", source_.region, region);
    cannot_be_read(reason);
    return;
  }
  if (follower_.end() == wire::LogEnd::unproven)
    listener_.notice("the log gave no sign of its end: later lines may be missing");
  is_read_once_ = true;
}

net::Task<> ContainerLog::read_again(LogRereading& rereading, std::int64_t start_ms) {
  const bool is_whole = shown_.is_whole();
  const StreamAgain again{.group = source_.group,
                          .stream = source_.stream,
                          .start_ms = std::max(start_ms, shown_.begin().value_or(0)),
                          .is_long = !is_whole};
  const Result<> read = co_await rereading.read(again, [this](const aws::logs::Event& event) {
    if (shown_.is_new(event.id, event.timestamp_ms, event.message))
      listener_.events(container_, std::span(&event, 1));
  });
  if (!read) {
    listener_.notice(fmt::format("the log was read once only, lines that came late may be missing: {}",
                                 read.error().line()));
  }
  const bool is_complete = read && is_whole && follower_.end() == wire::LogEnd::complete;
  state_ = is_complete ? Ending::complete : Ending::settled;
}

net::Task<> read_again(net::Loop& loop, std::span<ContainerLog> logs, LogRereading& rereading,
                       std::int64_t start_ms) {
  // Not the group's join(), which does not tell that we were cancelled.
  net::Event all_read(loop);
  auto left = std::ranges::count_if(logs, &ContainerLog::is_read_once);
  if (left == 0) co_return;
  co_await net::with_children(loop, [&](net::TaskGroup& group) {
    for (ContainerLog& log : logs) {
      if (log.is_read_once()) group.spawn(read_one_again(log, rereading, start_ms, left, all_read));
    }
    return all_read.wait();
  });
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
