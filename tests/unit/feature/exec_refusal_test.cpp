#include "feature/exec_refusal.hpp"

#include "feature/ending.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

Failure refusal(std::string name, std::string message = "no") {
  return {
      .code = FailureCode::refused, .what = std::move(message), .hint = {}, .service_code = std::move(name)};
}

Failure of(FailureCode code) {
  return {.code = code, .what = "it failed", .hint = {}, .service_code = {}};
}

TEST(ExecRefusal, TellsWhatPassesFromWhatStays) {
  EXPECT_EQ(may_succeed_later(of(FailureCode::throttled)), true);
  EXPECT_EQ(may_succeed_later(of(FailureCode::unreachable)), true);
  EXPECT_EQ(may_succeed_later(of(FailureCode::timed_out)), true);
  EXPECT_EQ(may_succeed_later(of(FailureCode::lost)), true);
  EXPECT_EQ(may_succeed_later(of(FailureCode::denied)), false);
  EXPECT_EQ(may_succeed_later(of(FailureCode::not_found)), false);
  EXPECT_EQ(may_succeed_later(of(FailureCode::ambiguous)), false);
  EXPECT_EQ(may_succeed_later(of(FailureCode::usage)), false);
  EXPECT_EQ(may_succeed_later(of(FailureCode::protocol)), std::nullopt);

  EXPECT_EQ(may_succeed_later(refusal("InvalidParameterException")), false);
  EXPECT_EQ(may_succeed_later(refusal("ServerException")), true);
  EXPECT_EQ(may_succeed_later(refusal("TargetNotConnectedException")), true);
  EXPECT_EQ(may_succeed_later(refusal("ClientException", "the maximum session limit of 2 has been reached")),
            true);
}

TEST(ExecRefusal, IsInDoubtWhereACallWasSentAndNotAnswered) {
  EXPECT_TRUE(may_have_been_carried_out(of(FailureCode::timed_out)));
  EXPECT_TRUE(may_have_been_carried_out(of(FailureCode::lost)));
  EXPECT_TRUE(may_have_been_carried_out(of(FailureCode::protocol)));
  EXPECT_TRUE(may_have_been_carried_out(refusal("ServerException")));
  EXPECT_FALSE(may_have_been_carried_out(of(FailureCode::unreachable)));
  EXPECT_FALSE(may_have_been_carried_out(of(FailureCode::throttled)));
  EXPECT_FALSE(may_have_been_carried_out(of(FailureCode::denied)));
  EXPECT_FALSE(may_have_been_carried_out(refusal("InvalidParameterException")));
}

}  // namespace
}  // namespace ferry::feature
