// The call budget, in simulated time: how many calls a run makes, and how late its end is seen.
#include "feature/run/pacing.hpp"

#include "wire/log_follower.hpp"

#include <algorithm>
#include <optional>
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
  bool lively = false;                     // a new log event before every read
  std::optional<milliseconds> ends_after;  // the task is told to stop

  int calls = 2;  // DescribeTaskDefinition and RunTask
  int log_reads_while_running = 0;
  milliseconds stop_seen_after{0};
  milliseconds ended_after{0};

  void run() {
    RunPacing pacing(kAccepted);
    wire::LogFollower log;
    Instant now = kAccepted;
    int token = 0;
    while (true) {
      const RunPacing::Step step = pacing.next();
      now = step.due;
      ++calls;
      ASSERT_LT(calls, 10'000);
      const milliseconds passed = now - kAccepted;
      if (passed >= stops_after) break;
      if (passed >= starts_after) pacing.running();
      if (ends_after && passed >= *ends_after) pacing.ending();
      RunPacing::Log became = RunPacing::Log::not_read;
      if (step.reads_log) {
        ++calls;
        ++log_reads_while_running;
        const bool news = token == 0 || lively;
        if (news) ++token;
        log.page(now, news ? 1 : 0, 10, "f/" + std::to_string(token));
        became = news ? RunPacing::Log::brought_events : RunPacing::Log::silent;
      }
      pacing.taken(now, became);
    }
    stop_seen_after = now - kAccepted;
    log.task_stopped(now, settle_window);
    while (!log.end()) {
      now = std::max(now, *log.due());
      ++calls;
      const bool news = token == 0;
      if (news) ++token;
      log.page(now, news ? 1 : 0, 10, "f/" + std::to_string(token));
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
      EXPECT_GE(simulation.log_reads_while_running, lively ? 35 : 20) << "the log must stay live";
    }
  }
}

TEST(RunPacing, AnEndThatTakesTwoMinutesStaysWithinTheBudgetOfHalfAnHour) {
  for (const int ending_s : {0, 1, 10, 30, 60, 120}) {
    for (const bool lively : {false, true}) {
      Simulation simulation;
      simulation.lively = lively;
      simulation.stops_after = seconds{1'800};
      simulation.ends_after = seconds{1'800 - ending_s};
      simulation.settle_window = milliseconds{3'000};
      simulation.run();
      EXPECT_LE(simulation.calls, 150) << "an end of " << ending_s << " s, lively " << lively;
    }
  }
}

TEST(RunPacing, AnEndThatHasBegunIsLookedAtMoreCloselyForAWhile) {
  RunPacing pacing(kAccepted);
  pacing.running();
  Instant now = kAccepted + seconds{1'800};
  for (std::size_t step = 0; step < RunPacing::kOpening.size(); ++step)
    pacing.taken(now, RunPacing::Log::not_read);
  pacing.ending();
  pacing.taken(now, RunPacing::Log::not_read);
  const Instant in_turn = now + RunPacing::kLongestPause;
  for (const milliseconds pause : RunPacing::kEnding) {
    EXPECT_EQ(pacing.next().due - now, pause);
    EXPECT_FALSE(pacing.next().reads_log) << "such a look is one call";
    now = pacing.next().due;
    pacing.ending();
    pacing.taken(now, RunPacing::Log::not_read);
  }
  EXPECT_EQ(pacing.next().due, in_turn) << "the others go on as they were planned";
  EXPECT_TRUE(pacing.next().reads_log);
}

TEST(RunPacing, TheEndIsSeenLateByAShareOfTheRunOnly) {
  for (const bool lively : {false, true}) {
    for (int stops_s = 1; stops_s <= 3'600; ++stops_s) {
      Simulation simulation;
      simulation.lively = lively;
      simulation.stops_after = seconds{stops_s};
      simulation.run();
      const milliseconds late = simulation.stop_seen_after - simulation.stops_after;
      const milliseconds bound = stops_s <= 15 ? milliseconds{2'000} : simulation.stops_after / 8;
      EXPECT_LE(late, bound) << "for a run of " << stops_s << " s";
      EXPECT_LE(late, 2 * RunPacing::kLongestPause) << "for a run of " << stops_s << " s";
    }
  }
}

RunPacing::Step after_opening(RunPacing& pacing) {
  for (std::size_t step = 0; step < RunPacing::kOpening.size(); ++step)
    pacing.taken(pacing.next().due, RunPacing::Log::not_read);
  return pacing.next();
}

TEST(RunPacing, TheLogIsReadOnlyWhileTheTaskRuns) {
  RunPacing pacing(kAccepted);
  EXPECT_FALSE(after_opening(pacing).reads_log);
  pacing.running();
  EXPECT_TRUE(pacing.next().reads_log);
  pacing.no_log();
  EXPECT_FALSE(pacing.next().reads_log);
}

TEST(RunPacing, ASilentLogIsReadAtEveryThirdStep) {
  RunPacing pacing(kAccepted);
  pacing.running();
  EXPECT_TRUE(after_opening(pacing).reads_log);
  pacing.taken(pacing.next().due, RunPacing::Log::brought_events);
  EXPECT_TRUE(pacing.next().reads_log);
  pacing.taken(pacing.next().due, RunPacing::Log::silent);
  for (int step = 0; step < 2; ++step) {
    EXPECT_FALSE(pacing.next().reads_log);
    pacing.taken(pacing.next().due, RunPacing::Log::not_read);
  }
  EXPECT_TRUE(pacing.next().reads_log);
}

TEST(RunPacing, RefusalsDoubleThePauseUntilACallSucceeds) {
  RunPacing pacing(kAccepted);
  after_opening(pacing);
  const Instant now = kAccepted + milliseconds{2'000};
  pacing.taken(now, RunPacing::Log::not_read);
  const milliseconds pause = pacing.next().due - now;
  pacing.refused(now);
  EXPECT_EQ(pacing.next().due - now, 2 * pause);
  pacing.refused(now);
  EXPECT_EQ(pacing.next().due - now, 4 * pause);
  for (int refusal = 0; refusal < 50; ++refusal) pacing.refused(now);
  EXPECT_LE(pacing.next().due - now, RunPacing::kLongestPauseWhenRefused);
  pacing.taken(now, RunPacing::Log::not_read);
  EXPECT_EQ(pacing.next().due - now, pause);
}

TEST(RunPacing, AStopRequestMakesThePollsQuickAgain) {
  RunPacing pacing(kAccepted);
  after_opening(pacing);
  const Instant late = kAccepted + seconds{1'000};
  pacing.taken(late, RunPacing::Log::not_read);
  EXPECT_EQ(pacing.next().due - late, RunPacing::kLongestPause);
  pacing.hurry(late);
  EXPECT_EQ(pacing.next().due - late, RunPacing::kOpening[0]);
  pacing.taken(pacing.next().due, RunPacing::Log::not_read);
  EXPECT_LE(pacing.next().due - late, milliseconds{500});
}

}  // namespace
}  // namespace ferry::feature
