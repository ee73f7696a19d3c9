#include "local/tasks/rollout.hpp"

#include "local/tasks/crash_backoff.hpp"

#include <gtest/gtest.h>

namespace ferry::local {
namespace {

TEST(Rollout, StartsWhatIsMissing) {
  Fleet fleet;
  fleet.desired = 3;
  fleet.primary_running = 1;
  fleet.primary_pending = 1;
  EXPECT_EQ(next_steps(fleet).start, 1);
  EXPECT_EQ(next_steps(fleet).stop_primary, 0);
}

TEST(Rollout, StopsWhatIsTooMuch) {
  Fleet fleet;
  fleet.desired = 1;
  fleet.primary_running = 3;
  EXPECT_EQ(next_steps(fleet).start, 0);
  EXPECT_EQ(next_steps(fleet).stop_primary, 2);
}

TEST(Rollout, StartsTheNewBeforeItStopsTheOld) {
  Fleet fleet;
  fleet.desired = 2;
  fleet.old_running = 2;
  EXPECT_EQ(next_steps(fleet).start, 2);
  EXPECT_EQ(next_steps(fleet).stop_old, 0);
  fleet.primary_pending = 2;
  EXPECT_EQ(next_steps(fleet).start, 0);
  EXPECT_EQ(next_steps(fleet).stop_old, 0);
  fleet.primary_pending = 1;
  fleet.primary_running = 1;
  EXPECT_EQ(next_steps(fleet).stop_old, 1);
  fleet.primary_pending = 0;
  fleet.primary_running = 2;
  EXPECT_EQ(next_steps(fleet).stop_old, 2);
}

TEST(Rollout, StopsFirstWhereTheMaximumLeavesNoRoom) {
  Fleet fleet;
  fleet.desired = 2;
  fleet.minimum_healthy_percent = 0;
  fleet.maximum_percent = 100;
  fleet.old_running = 2;
  EXPECT_EQ(next_steps(fleet).start, 0);
  EXPECT_EQ(next_steps(fleet).stop_old, 2);
}

TEST(Rollout, RoundsTheMinimumUp) {
  Fleet fleet;
  fleet.desired = 3;
  fleet.minimum_healthy_percent = 50;
  fleet.maximum_percent = 100;
  fleet.old_running = 3;
  EXPECT_EQ(next_steps(fleet).stop_old, 1);
}

TEST(Rollout, ScalingToZeroStopsAll) {
  Fleet fleet;
  fleet.primary_running = 2;
  fleet.old_running = 1;
  EXPECT_EQ(next_steps(fleet).start, 0);
  EXPECT_EQ(next_steps(fleet).stop_primary, 2);
  EXPECT_EQ(next_steps(fleet).stop_old, 1);
}

boost::json::object ended_task(std::string_view stop_code, double lived_s) {
  return {{"stopCode", stop_code}, {"startedAt", 1000.0}, {"stoppingAt", 1000.0 + lived_s}};
}

TEST(CrashBackoff, TheFirstFailuresAreReplacedAtOnce) {
  CrashBackoff backoff;
  const Instant now{seconds(100)};
  for (int i = 0; i < 3; ++i) backoff.task_ends(ended_task("EssentialContainerExited", 0.1), now);
  EXPECT_TRUE(backoff.allows(now));
  EXPECT_EQ(backoff.take_failures(), 3);
  EXPECT_EQ(backoff.take_failures(), 0);
}

TEST(CrashBackoff, ASeriesOfThemWaitsLongerAndLongerUpToAMinute) {
  CrashBackoff backoff;
  const Instant now{seconds(100)};
  for (int i = 0; i < 4; ++i) backoff.task_ends(ended_task("TaskFailedToStart", 0), now);
  EXPECT_FALSE(backoff.allows(now));
  EXPECT_EQ(backoff.next_start(), now + seconds(1));
  backoff.task_ends(ended_task("TaskFailedToStart", 0), now);
  EXPECT_EQ(backoff.next_start(), now + seconds(2));
  for (int i = 0; i < 100; ++i) backoff.task_ends(ended_task("TaskFailedToStart", 0), now);
  EXPECT_EQ(backoff.next_start(), now + seconds(60));
}

TEST(CrashBackoff, ATaskThatLivedLongEndsTheSeries) {
  CrashBackoff backoff;
  const Instant now{seconds(100)};
  for (int i = 0; i < 3; ++i) backoff.task_ends(ended_task("EssentialContainerExited", 1), now);
  backoff.task_ends(ended_task("EssentialContainerExited", 31), now);
  for (int i = 0; i < 3; ++i) backoff.task_ends(ended_task("EssentialContainerExited", 1), now);
  EXPECT_TRUE(backoff.allows(now));
}

TEST(CrashBackoff, WhatSomebodyStoppedIsNoFailure) {
  CrashBackoff backoff;
  const Instant now{seconds(100)};
  for (int i = 0; i < 10; ++i) backoff.task_ends(ended_task("UserInitiated", 0.1), now);
  EXPECT_TRUE(backoff.allows(now));
  EXPECT_EQ(backoff.take_failures(), 0);
}

TEST(CrashBackoff, WarnsOnceASeries) {
  CrashBackoff backoff;
  EXPECT_TRUE(backoff.take_warning());
  EXPECT_FALSE(backoff.take_warning());
}

}  // namespace
}  // namespace ferry::local
