#include "feature/run/pacing.hpp"

#include <algorithm>
#include <utility>

namespace ferry::feature {

RunPacing::RunPacing(Instant accepted_at) : origin_(accepted_at) {
  plan(accepted_at, 1);
}

void RunPacing::hurry(Instant now) {
  origin_ = now;
  opening_pauses_ = 0;
  plan(now, 1);
}

void RunPacing::ending() {
  if (std::exchange(has_end_begun_, true)) return;
  closer_looks_ = 0;
}

void RunPacing::taken(Instant now, Log log) {
  constexpr int kStepsWithoutSilentLog = 2;
  refusals_ = 0;
  if (is_closer_look()) {
    due_ = due_in_turn_;
    plan_closer_look(now);
    return;
  }
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
  const milliseconds pause = opening_pauses_ < kOpening.size()
                                 ? kOpening[opening_pauses_++]
                                 : calls * std::clamp(share, kShortestPause, kLongestPause);
  due_in_turn_ = now + std::min(pause * (1 << refusals_), kLongestPauseWhenRefused);
  due_ = due_in_turn_;
  if (refusals_ == 0) plan_closer_look(now);
}

void RunPacing::plan_closer_look(Instant now) {
  if (closer_looks_ == kEnding.size() || now + kEnding[closer_looks_] >= due_in_turn_) return;
  due_ = now + kEnding[closer_looks_];
  ++closer_looks_;
}

RunPacing::Step RunPacing::next() const {
  const bool is_opening = opening_pauses_ < kOpening.size();
  return {.reads_log = log_wanted_ && !is_opening && !is_closer_look() && steps_before_log_ == 0,
          .due = due_};
}

}  // namespace ferry::feature
