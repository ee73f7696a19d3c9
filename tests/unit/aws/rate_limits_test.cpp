#include "aws/rate_limits.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::aws {
namespace {

constexpr Instant kStart{milliseconds(1'000'000)};

constexpr RateShare kQuarter{.region = "eu-west-1", .part = 0.25};
constexpr RateShare kWhole{.region = "eu-west-1", .part = 1.0};
constexpr RateShare kHundredth{.region = "eu-west-1", .part = 0.01};

// How many calls may go within the first so many seconds, when there are more than enough.
int calls_within(RateLimits& rates, RateShare share, std::string_view operation,
                 const boost::json::object& input, seconds time) {
  int calls = 0;
  while (rates.reserve(share, Service::ecs, operation, input, kStart) <= kStart + time) ++calls;
  return calls;
}

TEST(RateLimits, AQuarterOfABucketAndOfWhatFillsIt) {
  RateLimits rates;
  EXPECT_EQ(calls_within(rates, kQuarter, "DescribeTasks", {}, seconds(0)), 25);
  RateLimits later;
  EXPECT_EQ(calls_within(later, kQuarter, "ListTasks", {}, seconds(10)), 25 + 10 * 5);
}

TEST(RateLimits, OperationsOfOneBucketShareIt) {
  RateLimits rates;
  EXPECT_EQ(calls_within(rates, kQuarter, "StopTask", {}, seconds(0)), 25);
  EXPECT_GT(rates.reserve(kQuarter, Service::ecs, "ExecuteCommand", {}, kStart), kStart);
  EXPECT_EQ(rates.reserve(kQuarter, Service::ecs, "DescribeTasks", {}, kStart), kStart);
}

TEST(RateLimits, ABucketFillsAgainButNoFurtherThanItsRim) {
  RateLimits rates;
  EXPECT_EQ(calls_within(rates, kWhole, "DescribeTasks", {}, seconds(0)), 100);
  const Instant later = kStart + seconds(3'600);
  int calls = 0;
  while (rates.reserve(kWhole, Service::ecs, "DescribeTasks", {}, later) <= later) ++calls;
  EXPECT_EQ(calls, 100);
}

TEST(RateLimits, FargateCountsTasksNotCalls) {
  RateLimits rates;
  EXPECT_EQ(calls_within(rates, kWhole, "RunTask", {{"launchType", "FARGATE"}, {"count", 10}}, seconds(0)),
            10);
  RateLimits elsewhere;
  EXPECT_EQ(calls_within(elsewhere, kWhole, "RunTask", {{"launchType", "EC2"}, {"count", 10}}, seconds(0)),
            100);
}

TEST(RateLimits, ASmallShareStillLetsACallPass) {
  RateLimits rates;
  EXPECT_EQ(rates.reserve(kHundredth, Service::ecs, "RegisterTaskDefinition", {}, kStart), kStart);
  EXPECT_EQ(rates.reserve(kHundredth, Service::ecs, "RegisterTaskDefinition", {}, kStart),
            kStart + seconds(100));
}

TEST(RateLimits, ReadingALogIsLimitedByEitherOperationsOwnQuota) {
  RateLimits rates;
  for (const char* operation : {"GetLogEvents", "FilterLogEvents"}) {
    int calls = 0;
    while (rates.reserve(kWhole, Service::logs, operation, {}, kStart) <= kStart + seconds(2)) ++calls;
    EXPECT_EQ(calls, 10 + 2 * 10) << operation;
  }
}

TEST(RateLimits, EachRegionHasBucketsOfItsOwn) {
  RateLimits rates;
  EXPECT_EQ(calls_within(rates, kQuarter, "DescribeTasks", {}, seconds(0)), 25);
  EXPECT_EQ(calls_within(rates, {.region = "us-east-1", .part = 0.25}, "DescribeTasks", {}, seconds(0)), 25);
}

TEST(RateLimits, ThreadsTogetherTakeNoMoreThanOneAlone) {
  RateLimits rates;
  constexpr int kCallsEach = 500;
  std::vector<Instant> taken;
  std::mutex mutex;
  const auto take = [&] {
    for (int i = 0; i < kCallsEach; ++i) {
      const Instant go = rates.reserve(kQuarter, Service::ecs, "DescribeTasks", {}, kStart);
      const std::lock_guard lock(mutex);
      taken.push_back(go);
    }
  };
  {
    const std::jthread one(take);
    const std::jthread other(take);
  }
  // A quarter of a burst of 100, and of 20 a second from then on.
  for (const int time_s : {0, 10, 100}) {
    const auto gone =
        std::ranges::count_if(taken, [&](Instant go) { return go <= kStart + seconds(time_s); });
    EXPECT_EQ(gone, 25 + 5 * time_s) << time_s;
  }
}

TEST(RateLimits, WhatIsInNoBucketGoesAtOnce) {
  RateLimits rates;
  for (int i = 0; i < 1'000; ++i)
    ASSERT_EQ(rates.reserve(kHundredth, Service::sts, "GetCallerIdentity", {}, kStart), kStart);
}

}  // namespace
}  // namespace ferry::aws
