// The call budget, in simulated time: how many calls a run makes, and how late its end is seen.
#include "feature/run/pacing.hpp"

#include "wire/log_follower.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

constexpr Instant kAccepted{milliseconds{5'000'000}};

// A task as a service would show it, and a run that watches it with the real pacing and the real follower.
struct Simulation {
  milliseconds starts_after{0};
  milliseconds stops_after{0};
  milliseconds settle_window{100};
  bool lively = false;  // a new log event before every read

  int calls = 2;  // DescribeTaskDefinition and RunTask
  int log_reads_while_running = 0;
  milliseconds stop_seen_after{0};
  milliseconds ended_after{0};

  void run() {
    RunPacing pacing(kAccepted);
    wire::LogFollower log;
    Instant now = kAccepted;
    int token = 0;
    bool stopped = false;
    while (!log.end()) {
      const RunPacing::Step step = pacing.next();
      const bool reads_log = stopped || step.call == RunPacing::Call::read_log;
      now = std::max(now, stopped ? *log.due() : step.due);
      const milliseconds passed = now - kAccepted;
      ++calls;
      ASSERT_LT(calls, 10'000);
      if (!reads_log) {
        pacing.described(now);
        if (passed >= starts_after) pacing.running();
        if (passed < stops_after) continue;
        stopped = true;
        stop_seen_after = passed;
        log.task_stopped(now, settle_window);
        continue;
      }
      const bool news = token == 0 || (lively && !stopped);
      if (news) ++token;
      if (!stopped) ++log_reads_while_running;
      log.page(now, news ? 1 : 0, 10, "f/" + std::to_string(token));
      pacing.log_read(now, news);
    }
    ended_after = now - kAccepted;
  }
};

TEST(RunPacing, AShortRunMakesAtMostEightCalls) {
  for (int stops_ms = 0; stops_ms <= 1'200; stops_ms += 10) {
    Simulation simulation;
    simulation.stops_after = milliseconds{stops_ms};
    simulation.run();
    EXPECT_LE(simulation.calls, 8) << "for a run of " << stops_ms << " ms";
  }
}

TEST(RunPacing, AnImmediateEndIsSeenAtOnce) {
  Simulation simulation;
  simulation.stops_after = milliseconds{50};
  simulation.run();
  EXPECT_LE(simulation.calls, 5);
  EXPECT_LE(simulation.ended_after, milliseconds{250});
}

TEST(RunPacing, AHalfHourMakesAtMostAHundredAndFiftyCalls) {
  for (const bool lively : {false, true}) {
    for (int starts_s = 0; starts_s <= 120; starts_s += 5) {
      Simulation simulation;
      simulation.lively = lively;
      simulation.starts_after = seconds{starts_s};
      simulation.stops_after = seconds{1'800};
      simulation.settle_window = milliseconds{3'000};
      simulation.run();
      EXPECT_LE(simulation.calls, 150) << "lively " << lively << ", started after " << starts_s << " s";
      EXPECT_GE(simulation.log_reads_while_running, 40) << "the log must stay live";
    }
  }
}

TEST(RunPacing, TheEndIsSeenLateByAShareOfTheRunOnly) {
  for (int stops_s = 1; stops_s <= 3'600; stops_s += 7) {
    Simulation simulation;
    simulation.stops_after = seconds{stops_s};
    simulation.run();
    const milliseconds late = simulation.stop_seen_after - simulation.stops_after;
    EXPECT_LE(late, 3 * RunPacing::kLongestPause) << "for a run of " << stops_s << " s";
    EXPECT_LE(late, simulation.stops_after * 3 + milliseconds{1'000}) << "for a run of " << stops_s << " s";
  }
}

TEST(RunPacing, TheLogIsReadOnlyWhileTheTaskRuns) {
  RunPacing pacing(kAccepted);
  for (int poll = 0; poll < 20; ++poll) {
    EXPECT_EQ(pacing.next().call, RunPacing::Call::describe_task);
    pacing.described(pacing.next().due);
  }
  pacing.running();
  pacing.described(pacing.next().due);
  EXPECT_EQ(pacing.next().call, RunPacing::Call::read_log);
  pacing.no_log();
  EXPECT_EQ(pacing.next().call, RunPacing::Call::describe_task);
}

TEST(RunPacing, RefusalsDoubleThePauseUntilACallSucceeds) {
  RunPacing pacing(kAccepted);
  const Instant now = kAccepted + milliseconds{2'000};
  for (std::size_t poll = 0; poll < RunPacing::kOpening.size(); ++poll) pacing.described(now);
  const milliseconds pause = pacing.next().due - now;
  pacing.refused(now);
  EXPECT_EQ(pacing.next().due - now, 2 * pause);
  pacing.refused(now);
  EXPECT_EQ(pacing.next().due - now, 4 * pause);
  for (int refusal = 0; refusal < 50; ++refusal) pacing.refused(now);
  EXPECT_LE(pacing.next().due - now, RunPacing::kLongestPauseWhenRefused);
  pacing.described(now);
  EXPECT_EQ(pacing.next().due - now, pause);
}

TEST(RunPacing, AStopRequestMakesThePollsQuickAgain) {
  RunPacing pacing(kAccepted);
  const Instant late = kAccepted + seconds{1'000};
  for (std::size_t poll = 0; poll < RunPacing::kOpening.size(); ++poll) pacing.described(late);
  EXPECT_EQ(pacing.next().due - late, RunPacing::kLongestPause);
  pacing.hurry(late);
  EXPECT_EQ(pacing.next().due - late, RunPacing::kOpening[0]);
  EXPECT_EQ(pacing.next().call, RunPacing::Call::describe_task);
  pacing.described(pacing.next().due);
  EXPECT_LE(pacing.next().due - late, milliseconds{500});
}

}  // namespace
}  // namespace ferry::feature
