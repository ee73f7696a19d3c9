#include "feature/run/unanswered_start.hpp"

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

UnansweredStart start() {
  return {.cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
          .started_by = "nightly job",
          .client_tokens = {"t-1"},
          .connection_flags = "--region eu-west-1"};
}

TEST(UnansweredStart, NamesWhatFindsTheTask) {
  const std::string text = may_have_started(start());
  EXPECT_THAT(text, HasSubstr("a task may have started (startedBy 'nightly job', client token t-1)"));
  EXPECT_THAT(text, HasSubstr("`ferry ps prod --started-by 'nightly job' --region eu-west-1`"));
}

TEST(UnansweredStart, SeveralCallsMayHaveStartedSeveral) {
  UnansweredStart several = start();
  several.client_tokens = {"t-1", "t-2"};
  EXPECT_THAT(may_have_started(several), HasSubstr("tasks may have started"));
  EXPECT_THAT(may_have_started(several), HasSubstr("client tokens t-1 t-2"));
}

TEST(UnansweredStart, WithoutNamesTheClusterIsListed) {
  const std::string text =
      may_have_started({.cluster = "", .started_by = "", .client_tokens = {}, .connection_flags = {}});
  EXPECT_THAT(text, HasSubstr("`ferry ps`"));
  EXPECT_THAT(text, Not(HasSubstr("()")));
}

TEST(UnansweredStart, IsUnknownWhateverMadeUsStopWaiting) {
  const RunReport report =
      unanswered_report("interrupted by the user (SIGINT) before RunTask answered", start());
  EXPECT_EQ(report.result.outcome, Outcome::unknown);
  EXPECT_EQ(exit_status(report.result), 255);
  EXPECT_EQ(report.result.retryable, std::nullopt);
  EXPECT_EQ(report.result.cluster, "prod");
  EXPECT_THAT(report.result.explanation, ::testing::StartsWith("interrupted by the user (SIGINT)"));
}

}  // namespace
}  // namespace ferry::feature
