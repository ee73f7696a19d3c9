// Which call a run makes next, and when: one call a step, so that their number can be reasoned about. Pure.
//
// The pause grows with the run: the answer comes late by a share of what the run took anyway, and a long run
// costs few calls of the account-wide limits. Bounds, with DescribeTaskDefinition, RunTask and the reads
// after the stop included (tests/unit/feature/run/pacing_test.cpp holds them): 8 calls for a run of a second,
// 150 for one of half an hour. Reads that continue a large page of the log come on top: they grow with its
// volume only.
#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>

namespace ferry::feature {

class RunPacing {
 public:
  enum class Call { describe_task, read_log };
  struct Step {
    Call call;
    Instant due;
  };

  // The first pauses after RunTask's answer or a stop request: most short runs end inside them.
  static constexpr std::array<milliseconds, 4> kOpening{milliseconds{100}, milliseconds{300},
                                                        milliseconds{300}, milliseconds{500}};
  // Later ones are two fifths of the time since, between these.
  static constexpr milliseconds kShortestPause{500};
  static constexpr milliseconds kLongestPause{14'000};
  static constexpr milliseconds kLongestPauseWhenRefused{60'000};

  // `accepted_at`: when RunTask answered.
  explicit RunPacing(Instant accepted_at);

  // The task runs: from now on the log is read too.
  void running();
  // The log cannot be read, or has been read to its end.
  void no_log();
  // The task was told to stop: answers are wanted quickly again.
  void hurry(Instant now);

  // A call came back. A log that brings events is read at every second step, a silent one at every third.
  void described(Instant now);
  void log_read(Instant now, bool brought_events);
  // A call was throttled, or failed in a way that may pass: the pause doubles until one succeeds.
  void refused(Instant now);

  [[nodiscard]] Step next() const;

 private:
  void succeeded(Instant now);
  void plan(Instant now);

  Instant origin_;                  // the pause is a share of the time since
  std::size_t opening_pauses_ = 0;  // made since then
  Instant due_;
  bool log_wanted_ = false;
  int describes_before_log_ = 0;
  int refusals_ = 0;
};

}  // namespace ferry::feature
