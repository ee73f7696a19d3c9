#include "aws/rate_limits.hpp"

#include <gtest/gtest.h>

namespace ferry::aws {
namespace {

constexpr Instant kStart{milliseconds(1'000'000)};

// How many calls may go within the first so many seconds, when there are more than enough.
int calls_within(RateLimits& rates, std::string_view operation, const boost::json::object& input,
                 seconds time) {
  int calls = 0;
  while (rates.reserve(Service::ecs, operation, input, kStart) <= kStart + time) ++calls;
  return calls;
}

TEST(RateLimits, AQuarterOfABucketAndOfWhatFillsIt) {
  RateLimits rates(0.25);
  EXPECT_EQ(calls_within(rates, "DescribeTasks", {}, seconds(0)), 25);
  RateLimits later(0.25);
  EXPECT_EQ(calls_within(later, "ListTasks", {}, seconds(10)), 25 + 10 * 5);
}

TEST(RateLimits, OperationsOfOneBucketShareIt) {
  RateLimits rates(0.25);
  EXPECT_EQ(calls_within(rates, "StopTask", {}, seconds(0)), 25);
  EXPECT_GT(rates.reserve(Service::ecs, "ExecuteCommand", {}, kStart), kStart);
  EXPECT_EQ(rates.reserve(Service::ecs, "DescribeTasks", {}, kStart), kStart);
}

TEST(RateLimits, ABucketFillsAgainButNoFurtherThanItsRim) {
  RateLimits rates(1.0);
  EXPECT_EQ(calls_within(rates, "DescribeTasks", {}, seconds(0)), 100);
  const Instant later = kStart + seconds(3'600);
  int calls = 0;
  while (rates.reserve(Service::ecs, "DescribeTasks", {}, later) <= later) ++calls;
  EXPECT_EQ(calls, 100);
}

TEST(RateLimits, FargateCountsTasksNotCalls) {
  RateLimits rates(1.0);
  EXPECT_EQ(calls_within(rates, "RunTask", {{"launchType", "FARGATE"}, {"count", 10}}, seconds(0)), 10);
  RateLimits elsewhere(1.0);
  EXPECT_EQ(calls_within(elsewhere, "RunTask", {{"launchType", "EC2"}, {"count", 10}}, seconds(0)), 100);
}

TEST(RateLimits, ASmallShareStillLetsACallPass) {
  RateLimits rates(0.01);
  EXPECT_EQ(rates.reserve(Service::ecs, "RegisterTaskDefinition", {}, kStart), kStart);
  EXPECT_EQ(rates.reserve(Service::ecs, "RegisterTaskDefinition", {}, kStart), kStart + seconds(100));
}

TEST(RateLimits, WhatIsInNoBucketGoesAtOnce) {
  RateLimits rates(0.01);
  for (int i = 0; i < 1'000; ++i)
    ASSERT_EQ(rates.reserve(Service::sts, "GetCallerIdentity", {}, kStart), kStart);
}

}  // namespace
}  // namespace ferry::aws
