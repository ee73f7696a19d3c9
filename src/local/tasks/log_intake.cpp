#include "local/tasks/log_intake.hpp"

#include "net/clock.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::local {
namespace {

std::int64_t now_ms() {
  return net::wall_now().time_since_epoch().count();
}

}  // namespace

LogIntake::LogIntake(net::Loop& loop, LogStore& logs, const Fates& fates)
    : loop_(loop), logs_(logs), fates_(fates), timers_(loop) {}

Result<> LogIntake::open(const LogTarget& target) {
  if (!logs_.has_group(target.group)) {
    if (!target.create_group) {
      return fail(
          FailureCode::not_found,
          fmt::format("ResourceInitializationError: failed to validate logger args: create stream has been "
                      "retried 1 times: failed to create Cloudwatch log stream: "
                      "ResourceNotFoundException: The specified log group does not exist. ({})",
                      target.group));
    }
    logs_.create_group(target.group, now_ms());
  }
  const milliseconds delay = fates_.stream();
  if (delay == milliseconds(0)) {
    logs_.create_stream(target.group, target.stream, now_ms());
    return {};
  }
  const Instant due = net::steady_now() + delay;
  late_streams_[{target.group, target.stream}] = due;
  wake_at(due);
  return {};
}

void LogIntake::put(const LogTarget& target, std::vector<std::string> lines) {
  const StreamName stream(target.group, target.stream);
  const Instant now = net::steady_now();
  const auto late = late_streams_.find(stream);
  for (std::string& line : lines) {
    const LineFate fate = fates_.line();
    Instant due = now + std::max(kGatherTime, fate.delay);
    if (late != late_streams_.end()) due = std::max(due, late->second);
    LogEvent event;
    event.timestamp_ms = now_ms();
    event.message = std::move(line);
    if (fate.is_doubled) hold(due, stream, event);
    hold(due, stream, std::move(event));
    ++gathered_;
  }
  if (gathered_ >= kMostGathered) settle();
}

void LogIntake::hold(Instant due, const StreamName& stream, LogEvent event) {
  held_.emplace(due, Held{.stream = stream, .event = std::move(event)});
  ++held_of_[stream];
  wake_at(due);
}

// One timer does for all that is due when it ends.
void LogIntake::wake_at(Instant due) {
  if (wakings_.insert(due).second) timers_.spawn(store_at(due));
}

net::Task<> LogIntake::store_at(Instant due) {
  co_await net::sleep_until(loop_, due);
  wakings_.erase(due);
  store_until(std::max(due, net::steady_now()));
}

void LogIntake::finish(const LogTarget& target) {
  finished_.emplace(target.group, target.stream);
  settle();
  complete_finished();
}

void LogIntake::settle() {
  store_until(net::steady_now() + kGatherTime);
}

void LogIntake::settle_all() {
  store_until(Instant::max());
}

net::Task<> LogIntake::shut_down() {
  settle_all();
  timers_.cancel();
  co_await timers_.join();
}

void LogIntake::store_until(Instant due) {
  gathered_ = 0;
  const auto end = held_.upper_bound(due);
  std::map<StreamName, std::vector<LogEvent>> batches;
  for (auto held = held_.begin(); held != end; ++held) {
    const auto count = held_of_.find(held->second.stream);
    if (--count->second == 0) held_of_.erase(count);
    batches[held->second.stream].push_back(std::move(held->second.event));
  }
  held_.erase(held_.begin(), end);
  std::erase_if(late_streams_, [&](const auto& late) {
    if (late.second > due) return false;
    batches[late.first];
    return true;
  });
  if (batches.empty()) return;
  Transaction transaction = logs_.begin();
  for (const auto& [stream, events] : batches) store(stream, events);
  transaction.commit();
  complete_finished();
}

void LogIntake::complete_finished() {
  std::erase_if(finished_, [this](const StreamName& stream) {
    if (held_of_.contains(stream) || late_streams_.contains(stream)) return false;
    logs_.complete(stream.first, stream.second);
    return true;
  });
}

// The group is gone where the endpoint was reset meanwhile.
void LogIntake::store(const StreamName& stream, const std::vector<LogEvent>& events) {
  const auto& [group, name] = stream;
  if (!logs_.has_group(group)) return;
  logs_.create_stream(group, name, now_ms());
  logs_.append(group, name, events, now_ms());
}

}  // namespace ferry::local
