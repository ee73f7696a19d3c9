#include "wire/log_follower.hpp"

#include <string>

#include <gtest/gtest.h>

namespace ferry::wire {
namespace {

constexpr Instant kStart{milliseconds{1'000'000}};
constexpr milliseconds kWindow{3'000};

Instant at(int after_ms) {
  return kStart + milliseconds{after_ms};
}

TEST(LogFollower, StartsFromTheHeadAndGoesOnByToken) {
  LogFollower follower;
  EXPECT_EQ(follower.token(), "");
  follower.page(at(0), 3, 100, "f/1");
  EXPECT_EQ(follower.token(), "f/1");
  follower.page(at(500), 0, 0, "f/1");
  EXPECT_EQ(follower.token(), "f/1");
  EXPECT_FALSE(follower.due().has_value()) << "the caller's pace decides while the task runs";
  EXPECT_FALSE(follower.end().has_value()) << "a repeated token is no end while the task runs";
}

TEST(LogFollower, AsksAgainAtOnceAfterALargePage) {
  LogFollower follower;
  follower.page(at(0), LogFollower::kLargePageEvents, 10, "f/1");
  EXPECT_EQ(follower.due(), at(0));
  follower.page(at(10), 1, LogFollower::kLargePageBytes, "f/2");
  EXPECT_EQ(follower.due(), at(10));
  follower.page(at(20), 1, 10, "f/3");
  EXPECT_FALSE(follower.due().has_value());
}

TEST(LogFollower, TwoReadsSettleAShortLog) {
  LogFollower follower;
  follower.task_stopped(at(0), kWindow);
  EXPECT_EQ(follower.due(), at(0));
  follower.page(at(0), 5, 100, "f/1");
  EXPECT_EQ(follower.due(), at(3'000));
  follower.page(at(3'000), 0, 0, "f/1");
  EXPECT_EQ(follower.end(), LogEnd::settled);
  EXPECT_FALSE(follower.due().has_value());
}

TEST(LogFollower, ARepeatInsideTheWindowIsNotTheEnd) {
  LogFollower follower;
  follower.page(at(-1'000), 5, 100, "f/1");
  follower.task_stopped(at(0), kWindow);
  follower.page(at(0), 0, 0, "f/1");
  EXPECT_FALSE(follower.end().has_value());
  follower.page(at(2'999), 0, 0, "f/1");
  EXPECT_FALSE(follower.end().has_value());
  EXPECT_EQ(follower.due(), at(3'000));
}

TEST(LogFollower, ALateEventOpensTheWindowAnew) {
  LogFollower follower;
  follower.task_stopped(at(0), kWindow);
  follower.page(at(0), 5, 100, "f/1");
  follower.page(at(3'000), 1, 10, "f/2");
  EXPECT_FALSE(follower.end().has_value());
  EXPECT_EQ(follower.due(), at(6'000));
  follower.page(at(6'000), 0, 0, "f/2");
  EXPECT_EQ(follower.end(), LogEnd::settled);
}

TEST(LogFollower, AnEmptyPageWithANewTokenIsNotTheEnd) {
  LogFollower follower;
  follower.task_stopped(at(0), kWindow);
  follower.page(at(0), 0, 0, "f/1");
  follower.page(at(3'000), 0, 0, "f/2");
  EXPECT_FALSE(follower.end().has_value());
  EXPECT_EQ(follower.token(), "f/2");
}

TEST(LogFollower, TokensThatNeverRepeatEndUnproven) {
  LogFollower follower;
  follower.task_stopped(at(0), kWindow);
  int reads = 0;
  while (!follower.end()) {
    const Instant now = *follower.due();
    ASSERT_LE(++reads, 100) << "must be bounded";
    follower.page(now, 0, 0, "f/" + std::to_string(reads));
  }
  EXPECT_EQ(follower.end(), LogEnd::unproven);
}

TEST(LogFollower, ALogThatGoesOnAndOnAfterTheStopEndsUnproven) {
  LogFollower follower;
  follower.task_stopped(at(0), kWindow);
  int reads = 0;
  for (Instant now = at(0); !follower.end() && reads < 1'000'000; now += milliseconds{1'000})
    follower.page(now, LogFollower::kLargePageEvents, 10, "f/" + std::to_string(++reads));
  EXPECT_EQ(follower.end(), LogEnd::unproven);
  EXPECT_EQ(milliseconds{1'000} * (reads - 1), LogFollower::kLongestReading);
}

TEST(LogFollower, AMissingStreamIsNormalUntilTheTaskHasStopped) {
  LogFollower follower;
  for (int second = 0; second < 600; ++second) follower.missing(at(second * 1'000));
  EXPECT_FALSE(follower.end().has_value());
  follower.task_stopped(at(600'000), kWindow);
  follower.missing(at(600'000));
  EXPECT_EQ(follower.due(), at(603'000));
  follower.missing(at(603'000));
  follower.missing(at(606'000));
  EXPECT_FALSE(follower.end().has_value()) << "it may yet appear";
  EXPECT_EQ(follower.due(), at(609'000));
  follower.missing(at(609'000));
  EXPECT_EQ(follower.end(), LogEnd::missing);
}

TEST(LogFollower, ASourceThatSaysItIsCompleteIsNotWaitedFor) {
  LogFollower follower;
  follower.task_stopped(at(0), kWindow);
  follower.page(at(1), 5, 100, "f/1", true);
  EXPECT_EQ(follower.end(), LogEnd::complete);
  EXPECT_FALSE(follower.due().has_value());
}

TEST(LogFollower, ACompleteStreamOfATaskThatRunsIsNoEndYet) {
  LogFollower follower;
  follower.page(at(0), 5, 100, "f/1", true);
  EXPECT_FALSE(follower.end().has_value()) << "the task's own end is still to be seen";
}

TEST(LogFollower, AStreamThatAppearsAfterTheStopIsReadToItsEnd) {
  LogFollower follower;
  follower.task_stopped(at(0), kWindow);
  follower.missing(at(0));
  follower.page(at(3'000), 2, 20, "f/1");
  EXPECT_FALSE(follower.end().has_value());
  follower.page(at(6'000), 0, 0, "f/1");
  EXPECT_EQ(follower.end(), LogEnd::settled);
}

TEST(LogFollower, AnAnswerWithoutATokenEndsLikeARepeatedOne) {
  LogFollower follower;
  follower.task_stopped(at(0), kWindow);
  follower.page(at(0), 0, 0, "");
  follower.page(at(3'000), 0, 0, "");
  EXPECT_EQ(follower.end(), LogEnd::settled);
}

}  // namespace
}  // namespace ferry::wire
