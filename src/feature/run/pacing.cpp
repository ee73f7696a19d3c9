#include "feature/run/pacing.hpp"

#include <algorithm>

namespace ferry::feature {

RunPacing::RunPacing(Instant accepted_at) : origin_(accepted_at) {
  plan(accepted_at, 1);
}

void RunPacing::hurry(Instant now) {
  origin_ = now;
  opening_pauses_ = 0;
  plan(now, 1);
}

void RunPacing::ending(Instant now) {
  if (!ending_since_) ending_since_ = now;
}

void RunPacing::taken(Instant now, Log log) {
  constexpr int kStepsWithoutSilentLog = 2;
  refusals_ = 0;
  if (log == Log::silent) {
    steps_before_log_ = kStepsWithoutSilentLog;
  } else if (log == Log::not_read) {
    steps_before_log_ = std::max(0, steps_before_log_ - 1);
  }
  plan(now, log == Log::not_read ? 1 : 2);
}

void RunPacing::refused(Instant now) {
  constexpr int kMostDoublings = 8;
  refusals_ = std::min(refusals_ + 1, kMostDoublings);
  plan(now, 1);
}

void RunPacing::plan(Instant now, int calls) {
  const milliseconds share = (now - origin_) / kShare;
  milliseconds pause = opening_pauses_ < kOpening.size()
                           ? kOpening[opening_pauses_++]
                           : calls * std::clamp(share, kShortestPause, kLongestPause);
  if (ending_since_)
    pause = std::min(pause, std::max((now - *ending_since_) / kShareOfEnding, kShortestPause));
  due_ = now + std::min(pause * (1 << refusals_), kLongestPauseWhenRefused);
}

RunPacing::Step RunPacing::next() const {
  const bool is_opening = opening_pauses_ < kOpening.size();
  return {.reads_log = log_wanted_ && !is_opening && steps_before_log_ == 0, .due = due_};
}

}  // namespace ferry::feature
