#include "feature/run/pacing.hpp"

#include <algorithm>

namespace ferry::feature {

RunPacing::RunPacing(Instant accepted_at) : origin_(accepted_at) {
  plan(accepted_at);
}

void RunPacing::running() {
  if (!log_wanted_) describes_before_log_ = 1;
  log_wanted_ = true;
}

void RunPacing::no_log() {
  log_wanted_ = false;
}

void RunPacing::hurry(Instant now) {
  origin_ = now;
  opening_pauses_ = 0;
  describes_before_log_ = 1;
  plan(now);
}

void RunPacing::described(Instant now) {
  describes_before_log_ = std::max(0, describes_before_log_ - 1);
  succeeded(now);
}

void RunPacing::log_read(Instant now, bool brought_events) {
  describes_before_log_ = brought_events ? 1 : 2;
  succeeded(now);
}

void RunPacing::refused(Instant now) {
  constexpr int kMostDoublings = 8;
  refusals_ = std::min(refusals_ + 1, kMostDoublings);
  plan(now);
}

void RunPacing::succeeded(Instant now) {
  refusals_ = 0;
  plan(now);
}

void RunPacing::plan(Instant now) {
  const milliseconds share = (now - origin_) * 2 / 5;
  const milliseconds pause = opening_pauses_ < kOpening.size()
                                 ? kOpening[opening_pauses_++]
                                 : std::clamp(share, kShortestPause, kLongestPause);
  due_ = now + std::min(pause * (1 << refusals_), kLongestPauseWhenRefused);
}

RunPacing::Step RunPacing::next() const {
  const bool log = log_wanted_ && describes_before_log_ == 0;
  return {.call = log ? Call::read_log : Call::describe_task, .due = due_};
}

}  // namespace ferry::feature
