#include "aws/retry.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace ferry::aws {
namespace {

constexpr double kHalf = 0.5;
constexpr CallLimits kManyAttempts{.max_attempts = 10,
                                   .first_backoff = milliseconds(10),
                                   .first_backoff_if_throttled = milliseconds(100),
                                   .longest_backoff = milliseconds(1'000)};

// A call with a full quota of its own.
struct OneCall {
  OneCall(CallLimits limits, bool is_repeatable) : retries(limits, is_repeatable, quota) {}
  auto next(AttemptEnd end, double chance) { return retries.next(end, chance); }
  RetryQuota quota;
  Retries retries;
};

TEST(Retries, TheBackOffDoublesToItsCeilingWithFullJitter) {
  OneCall retries(kManyAttempts, true);
  for (const int expected_ms : {50, 100, 200, 400, 500, 500}) {
    EXPECT_EQ(retries.next(AttemptEnd::throttled, kHalf), milliseconds(expected_ms));
  }
  OneCall in_trouble(kManyAttempts, true);
  for (const int expected_ms : {5, 10, 20}) {
    EXPECT_EQ(in_trouble.next(AttemptEnd::in_doubt, kHalf), milliseconds(expected_ms));
  }
  OneCall lucky(kManyAttempts, true);
  EXPECT_EQ(lucky.next(AttemptEnd::throttled, 0.0), milliseconds(0));
}

TEST(Retries, EndWithTheLastAttempt) {
  OneCall retries(CallLimits{}, true);
  EXPECT_TRUE(retries.next(AttemptEnd::not_sent, kHalf));
  EXPECT_TRUE(retries.next(AttemptEnd::in_doubt, kHalf));
  EXPECT_FALSE(retries.next(AttemptEnd::throttled, kHalf));
  EXPECT_EQ(retries.retries.attempts(), 3);
}

TEST(Retries, ARefusalIsFinal) {
  EXPECT_FALSE(OneCall(kManyAttempts, true).next(AttemptEnd::final, kHalf));
}

TEST(Retries, WhatMayHaveHappenedIsRepeatedOnlyWhereThatIsSafe) {
  EXPECT_TRUE(OneCall(kManyAttempts, true).next(AttemptEnd::in_doubt, kHalf));
  EXPECT_FALSE(OneCall(kManyAttempts, false).next(AttemptEnd::in_doubt, kHalf));
  EXPECT_TRUE(OneCall(kManyAttempts, false).next(AttemptEnd::not_sent, kHalf));
  EXPECT_TRUE(OneCall(kManyAttempts, false).next(AttemptEnd::throttled, kHalf));
}

TEST(Retries, WaitAsLongAsTheServiceAsksButNotForEver) {
  RetryQuota quota;
  Retries retries(kManyAttempts, true, quota);
  EXPECT_EQ(retries.next(AttemptEnd::throttled, kHalf, milliseconds(700)), milliseconds(700));
  EXPECT_EQ(retries.next(AttemptEnd::throttled, kHalf, seconds(3'600)), kManyAttempts.longest_backoff);
}

TEST(Retries, AServiceInTroubleIsAskedAgainByFewCalls) {
  RetryQuota quota;
  int tried_again = 0;
  for (int call = 0; call < 1'000; ++call)
    tried_again += Retries(kManyAttempts, true, quota).next(AttemptEnd::throttled, kHalf) ? 1 : 0;
  EXPECT_EQ(tried_again, 100);
  for (int call = 0; call < 5; ++call) Retries(kManyAttempts, true, quota).succeeded();
  EXPECT_TRUE(Retries(kManyAttempts, true, quota).next(AttemptEnd::throttled, kHalf));
  EXPECT_FALSE(Retries(kManyAttempts, true, quota).next(AttemptEnd::throttled, kHalf));
}

// As botocore has it: of 500 tokens a second attempt takes 14, or 5 where the service throttles; success
// gives back what the last one took, or 1.
TEST(Retries, AServiceInTroubleCostsMoreThanOneThatThrottles) {
  RetryQuota quota;
  int tried_again = 0;
  for (int call = 0; call < 1'000; ++call)
    tried_again += Retries(kManyAttempts, true, quota).next(AttemptEnd::in_doubt, kHalf) ? 1 : 0;
  EXPECT_EQ(tried_again, 500 / 14);
  for (int call = 0; call < 4; ++call) Retries(kManyAttempts, true, quota).succeeded();
  Retries recovering(kManyAttempts, true, quota);  // 500 - 35 * 14 + 4 = 14
  EXPECT_TRUE(recovering.next(AttemptEnd::not_sent, kHalf));
  EXPECT_FALSE(Retries(kManyAttempts, true, quota).next(AttemptEnd::throttled, kHalf));
  recovering.succeeded();
  EXPECT_TRUE(Retries(kManyAttempts, true, quota).next(AttemptEnd::not_sent, kHalf));
}

TEST(RetryQuota, ThreadsTogetherSpendNoMoreThanThereIs) {
  RetryQuota quota;
  std::atomic<int> taken = 0;
  const auto spend = [&] {
    for (int i = 0; i < 1'000; ++i) taken += quota.take(5) ? 1 : 0;
  };
  {
    const std::jthread one(spend);
    const std::jthread other(spend);
  }
  EXPECT_EQ(taken, 100);
}

TEST(IsRepeatable, ReadingAndEndingAndWhatHasAClientToken) {
  for (const char* operation :
       {"DescribeTasks", "ListTasks", "GetLogEvents", "FilterLogEvents", "GetCallerIdentity", "AssumeRole",
        "StopTask", "TerminateSession", "DeregisterTaskDefinition"}) {
    EXPECT_TRUE(is_repeatable(operation, {})) << operation;
  }
  for (const char* operation : {"RunTask", "CreateService", "ExecuteCommand", "RegisterTaskDefinition",
                                "PutLogEvents", "StartSession", "UpdateService", "SomethingNew"}) {
    EXPECT_FALSE(is_repeatable(operation, {})) << operation;
  }
  EXPECT_TRUE(is_repeatable("RunTask", {{"clientToken", "t"}}));
  EXPECT_FALSE(is_repeatable("ExecuteCommand", {{"clientToken", "t"}}));
}

}  // namespace
}  // namespace ferry::aws
