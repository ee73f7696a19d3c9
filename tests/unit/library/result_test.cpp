#include <ferry/result.hpp>
#include <string>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace ferry {
namespace {

CommandResult exited_with(int exit_code) {
  CommandResult result;
  result.outcome = Outcome::exited;
  result.exit_code = exit_code;
  return result;
}

TEST(CommandResult, AZeroThatWasSeenIsNoSuccessWhereTheOutcomeIsUnknown) {
  CommandResult result = exited_with(0);
  result.outcome = Outcome::unknown;
  EXPECT_FALSE(result.succeeded());
  EXPECT_EQ(exit_status(result), 255);
}

TEST(CommandResult, OnlyExitCodeZeroSucceeded) {
  EXPECT_TRUE(exited_with(0).succeeded());
  EXPECT_FALSE(exited_with(1).succeeded());
  EXPECT_FALSE(CommandResult().succeeded());
}

TEST(CommandResult, StatusOfEachOutcome) {
  const auto status_of = [](Outcome outcome) {
    CommandResult result;
    result.outcome = outcome;
    return exit_status(result, 77);
  };
  EXPECT_EQ(exit_status(exited_with(0)), 0);
  EXPECT_EQ(exit_status(exited_with(255)), 255);
  EXPECT_EQ(status_of(Outcome::timeout), 124);
  EXPECT_EQ(status_of(Outcome::not_started), 125);
  EXPECT_EQ(status_of(Outcome::failed), 125);
  EXPECT_EQ(status_of(Outcome::interrupted), 130);
  EXPECT_EQ(status_of(Outcome::lost), 77);
  EXPECT_EQ(status_of(Outcome::unknown), 77);
  EXPECT_EQ(exit_status(CommandResult()), 255);
}

TEST(CommandResult, JsonHasWhatTheResultHas) {
  CommandResult result = exited_with(7);
  result.exit_code_source = ExitCodeSource::frame;
  result.standard_output = "out\n";
  result.standard_error = std::string("\xff\0", 2);
  result.task = "arn:aws:ecs:us-east-1:123456789012:task/default/0123";
  result.started_at =
      std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::milliseconds(250);
  const boost::json::value json = boost::json::parse(to_json(result));
  EXPECT_EQ(json.at("mode"), "exec");
  EXPECT_EQ(json.at("outcome"), "exited");
  EXPECT_EQ(json.at("exit_code"), 7);
  EXPECT_EQ(json.at("exit_code_source"), "frame");
  EXPECT_EQ(json.at("stdout"), "out\n");
  EXPECT_EQ(json.at("stdout_encoding"), "utf8");
  EXPECT_EQ(json.at("stderr"), "/wA=");
  EXPECT_EQ(json.at("stderr_encoding"), "base64");
  EXPECT_EQ(json.at("task"), "arn:aws:ecs:us-east-1:123456789012:task/default/0123");
  EXPECT_EQ(json.at("started_at"), "2026-11-23T00:00:00.250Z");
  EXPECT_TRUE(json.at("ended_at").is_null());
}

TEST(CommandResult, JsonOfARunSaysHowFarItsLogWasRead) {
  CommandResult result = exited_with(0);
  result.mode = Mode::run;
  result.exit_code_source = ExitCodeSource::describe;
  result.logs = LogState::settled;
  const boost::json::value json = boost::json::parse(to_json(result));
  EXPECT_EQ(json.at("mode"), "run");
  EXPECT_EQ(json.at("exit_code_source"), "describe");
  EXPECT_EQ(json.at("logs"), "settled");
}

}  // namespace
}  // namespace ferry
