#include "wire/log_follower.hpp"

#include <utility>

namespace ferry::wire {

void LogFollower::page(Instant asked_at, std::size_t events, std::size_t bytes, std::string next_token) {
  if (end_) return;
  // A service that sends no token cannot be asked to go on: the same as a repeated one.
  const bool repeated = next_token.empty() || next_token == token_;
  const bool large = events >= kLargePageEvents || bytes >= kLargePageBytes;
  read_on_at_ = large && !repeated ? std::optional(asked_at) : std::nullopt;
  if (!repeated) token_ = std::move(next_token);
  if (!closing_) return;

  closing_->was_read = true;
  if (events > 0) closing_->last_event = asked_at;
  if (repeated) {
    if (asked_at - closing_->since >= closing_->window) end_ = LogEnd::settled;
  } else if (asked_at - closing_->last_event >= kLongestSilence) {
    end_ = LogEnd::unproven;
  } else {
    closing_->since = asked_at;
  }
}

void LogFollower::missing(Instant asked_at) {
  if (end_ || !closing_) return;
  closing_->was_read = true;
  if (asked_at - closing_->since >= closing_->window) end_ = LogEnd::missing;
}

void LogFollower::task_stopped(Instant now, milliseconds settle_window) {
  if (closing_ || end_) return;
  closing_ = Closing{.since = now, .last_event = now, .window = settle_window, .was_read = false};
}

std::optional<Instant> LogFollower::due() const {
  if (end_) return std::nullopt;
  if (read_on_at_) return read_on_at_;
  if (!closing_) return std::nullopt;
  return closing_->was_read ? closing_->since + closing_->window : closing_->since;
}

}  // namespace ferry::wire
