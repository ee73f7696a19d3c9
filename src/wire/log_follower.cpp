#include "wire/log_follower.hpp"

#include <utility>

namespace ferry::wire {

void LogFollower::page(Instant asked_at, std::size_t events, std::size_t bytes, std::string next_token,
                       bool is_complete) {
  if (end_) return;
  // A service that sends no token cannot be asked to go on: the same as a repeated one.
  const bool repeated = next_token.empty() || next_token == token_;
  const bool large = events >= kLargePageEvents || bytes >= kLargePageBytes;
  read_on_at_ = large && !repeated ? std::optional(asked_at) : std::nullopt;
  if (!repeated) token_ = std::move(next_token);
  if (!closing_) return;

  if (events > 0) closing_->last_event = asked_at;
  const bool is_too_long = asked_at - closing_->stopped_at >= kLongestReading;
  const bool is_silent = !repeated && asked_at - closing_->last_event >= kLongestSilence;
  if (is_complete) {
    end_ = LogEnd::complete;
  } else if (is_too_long || is_silent) {
    end_ = LogEnd::unproven;
  } else if (repeated) {
    if (asked_at - closing_->since >= closing_->window) end_ = LogEnd::settled;
  } else {
    closing_->since = asked_at;
  }
  closing_->next_read = closing_->since + closing_->window;
}

void LogFollower::missing(Instant asked_at) {
  if (end_ || !closing_) return;
  closing_->next_read = asked_at + closing_->window;
  if (asked_at - closing_->since >= 3 * closing_->window) end_ = LogEnd::missing;
}

void LogFollower::task_stopped(Instant now, milliseconds settle_window) {
  if (closing_ || end_) return;
  closing_ =
      Closing{.stopped_at = now, .since = now, .last_event = now, .next_read = now, .window = settle_window};
}

std::optional<Instant> LogFollower::due() const {
  if (end_) return std::nullopt;
  if (read_on_at_) return read_on_at_;
  return closing_ ? std::optional(closing_->next_read) : std::nullopt;
}

}  // namespace ferry::wire
