// When a run looks at its task, and whether it reads the log then too, so that the calls can be counted.
// Pure.
//
// Each call costs a pause that is a share of the time that has passed: an end is seen late by a small part of
// what the run took anyway, and a long run costs few calls of the account-wide limits. Bounds, with
// DescribeTaskDefinition, RunTask and the reads after the stop included
// (tests/unit/feature/run/pacing_test.cpp holds them): 8 calls for a run of a second, 150 for one of half an
// hour; an end is seen within 2 s for runs of up to a quarter of a minute, then within an eighth of the run's
// time, and never later than 50 s. Reads that continue a large page of the log come on top: they grow with
// its volume only.
#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>

namespace ferry::feature {

class RunPacing {
 public:
  struct Step {
    bool reads_log;  // after the task was looked at
    Instant due;
  };
  // What became of the log in a step.
  enum class Log { not_read, silent, brought_events };

  // The first pauses after RunTask's answer or a stop request: most short runs end inside them, so the log is
  // not read yet.
  static constexpr std::array<milliseconds, 4> kOpening{milliseconds{100}, milliseconds{300},
                                                        milliseconds{300}, milliseconds{500}};
  // Later each call takes a sixteenth of the time since, between these.
  static constexpr int kShare = 16;
  static constexpr milliseconds kShortestPause{500};
  static constexpr milliseconds kLongestPause{25'000};
  static constexpr milliseconds kLongestPauseWhenRefused{60'000};
  // Once the end has begun: looks in between, without the log. Few, for they come on top of the budget's.
  static constexpr std::array<milliseconds, 4> kEnding{milliseconds{500}, milliseconds{1'500},
                                                       milliseconds{3'000}, milliseconds{5'000}};

  // `accepted_at`: when RunTask answered.
  explicit RunPacing(Instant accepted_at);

  // The task runs: from now on the log is read too.
  void running() { log_wanted_ = true; }
  // The log cannot be read, or has been read to its end.
  void no_log() { log_wanted_ = false; }
  // The task was told to stop: answers are wanted quickly again.
  void hurry(Instant now);
  // The task's end was seen to begin, before taken(): which container ends when is worth closer looks. Only
  // the first time.
  void ending();

  // A step was made. A log that brings events is read at each, a silent one at every third.
  void taken(Instant now, Log log);
  // A call of it was throttled, or failed in a way that may pass: the pause doubles until a step succeeds.
  void refused(Instant now);

  [[nodiscard]] Step next() const;

 private:
  void plan(Instant now, int calls);
  void plan_closer_look(Instant now);
  [[nodiscard]] bool is_closer_look() const { return due_ < due_in_turn_; }

  Instant origin_;                  // the pause is a share of the time since
  std::size_t opening_pauses_ = 0;  // made since then
  Instant due_;
  Instant due_in_turn_;                        // without the closer looks
  std::size_t closer_looks_ = kEnding.size();  // planned since the end began; all of them before that
  bool has_end_begun_ = false;
  bool log_wanted_ = false;
  int steps_before_log_ = 0;
  int refusals_ = 0;
};

}  // namespace ferry::feature
