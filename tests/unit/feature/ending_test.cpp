#include "feature/ending.hpp"

#include <csignal>

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

Failure failure(FailureCode code) {
  Failure made;
  made.code = code;
  return made;
}

TEST(Ending, SaysWhatCameFirst) {
  EXPECT_EQ(in_words({.cause = cause_of_signal(SIGINT)}), "interrupted by SIGINT");
  EXPECT_EQ(in_words({.cause = cause_of_signal(SIGTERM)}), "interrupted by SIGTERM");
  EXPECT_EQ(in_words({.cause = cause_of_signal(SIGHUP)}), "interrupted by SIGHUP");
  EXPECT_EQ(in_words({.cause = EndCause::caller}), "cancelled");
  EXPECT_EQ(in_words({.cause = EndCause::time_limit, .time_limit = milliseconds(1'500)}),
            "timed out after 1.5 s");
}

TEST(Ending, OnlyTheTimeLimitIsATimeout) {
  EXPECT_EQ(outcome_of({.cause = EndCause::time_limit}), Outcome::timeout);
  EXPECT_EQ(exit_status(Ending{.cause = EndCause::time_limit}), 124);
  for (const EndCause cause :
       {EndCause::interrupt, EndCause::terminate, EndCause::hang_up, EndCause::caller}) {
    EXPECT_EQ(outcome_of({.cause = cause}), Outcome::interrupted);
    EXPECT_EQ(exit_status(Ending{.cause = cause}), 130);
  }
}

TEST(Ending, OnlyWhatWasSentAndNotAnsweredMayHaveActed) {
  for (const FailureCode code : {FailureCode::timed_out, FailureCode::lost, FailureCode::protocol})
    EXPECT_TRUE(may_have_acted(failure(code)));
  for (const FailureCode code : {FailureCode::unreachable, FailureCode::denied, FailureCode::refused,
                                 FailureCode::throttled, FailureCode::usage, FailureCode::cancelled})
    EXPECT_FALSE(may_have_acted(failure(code)));
}

}  // namespace
}  // namespace ferry::feature
