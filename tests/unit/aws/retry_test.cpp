#include "aws/retry.hpp"

#include <gtest/gtest.h>

namespace ferry::aws {
namespace {

constexpr double kHalf = 0.5;
constexpr CallLimits kManyAttempts{
    .max_attempts = 10, .first_backoff = milliseconds(100), .longest_backoff = milliseconds(1'000)};

TEST(Retries, TheBackOffDoublesToItsCeilingWithFullJitter) {
  Retries retries(kManyAttempts, true);
  for (const int expected_ms : {50, 100, 200, 400, 500, 500}) {
    EXPECT_EQ(retries.next(AttemptEnd::throttled, kHalf), milliseconds(expected_ms));
  }
  Retries lucky(kManyAttempts, true);
  EXPECT_EQ(lucky.next(AttemptEnd::throttled, 0.0), milliseconds(0));
}

TEST(Retries, EndWithTheLastAttempt) {
  Retries retries(CallLimits{}, true);
  EXPECT_TRUE(retries.next(AttemptEnd::not_sent, kHalf));
  EXPECT_TRUE(retries.next(AttemptEnd::in_doubt, kHalf));
  EXPECT_FALSE(retries.next(AttemptEnd::throttled, kHalf));
  EXPECT_EQ(retries.attempts(), 3);
}

TEST(Retries, ARefusalIsFinal) {
  EXPECT_FALSE(Retries(kManyAttempts, true).next(AttemptEnd::final, kHalf));
}

TEST(Retries, WhatMayHaveHappenedIsRepeatedOnlyWhereThatIsSafe) {
  EXPECT_TRUE(Retries(kManyAttempts, true).next(AttemptEnd::in_doubt, kHalf));
  EXPECT_FALSE(Retries(kManyAttempts, false).next(AttemptEnd::in_doubt, kHalf));
  EXPECT_TRUE(Retries(kManyAttempts, false).next(AttemptEnd::not_sent, kHalf));
  EXPECT_TRUE(Retries(kManyAttempts, false).next(AttemptEnd::throttled, kHalf));
}

TEST(IsRepeatable, ReadingAndEndingAndWhatHasAClientToken) {
  for (const char* operation :
       {"DescribeTasks", "ListTasks", "GetLogEvents", "FilterLogEvents", "GetCallerIdentity", "StopTask",
        "TerminateSession", "DeregisterTaskDefinition"}) {
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
