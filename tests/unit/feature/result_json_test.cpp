#include "feature/result_json.hpp"

#include <boost/json/value.hpp>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

TEST(ResultJson, HasEveryMemberWhateverIsKnown) {
  const boost::json::object object = result_to_json({});
  std::string names;
  for (const auto& member : object) names += std::string(member.key()) + " ";
  EXPECT_EQ(
      names,
      "mode cluster task container outcome exit_code exit_code_source signal stdout stdout_encoding "
      "stderr stderr_encoding streams_merged framing logs stop_code stopped_reason explanation retryable "
      "started_at ended_at ");
  EXPECT_EQ(object.at("outcome"), "unknown");
  for (const char* name : {"cluster", "exit_code", "signal", "stdout", "framing", "retryable", "ended_at"}) {
    EXPECT_TRUE(object.at(name).is_null()) << name;
  }
}

TEST(ResultJson, TellsAnExit) {
  CommandResult result;
  result.outcome = Outcome::exited;
  result.exit_code = 3;
  result.exit_code_source = ExitCodeSource::frame;
  result.framing = UsedFraming::plain;
  result.started_at = WallTime(milliseconds(1'700'000'000'250));
  const boost::json::object object = result_to_json(result);
  EXPECT_EQ(object.at("outcome"), "exited");
  EXPECT_EQ(object.at("exit_code"), 3);
  EXPECT_EQ(object.at("exit_code_source"), "frame");
  EXPECT_EQ(object.at("framing"), "plain");
  EXPECT_EQ(object.at("started_at"), "2023-11-14T22:13:20.250Z");
}

TEST(ResultJson, HasNoExitCodeWithoutAnExit) {
  CommandResult result;
  result.outcome = Outcome::interrupted;
  result.exit_code = 0;
  result.exit_code_source = ExitCodeSource::frame;
  const boost::json::object object = result_to_json(result);
  EXPECT_TRUE(object.at("exit_code").is_null());
  EXPECT_TRUE(object.at("exit_code_source").is_null());
}

TEST(ResultJson, AnUnknownOutcomeMayHaveACodeThatWasSeen) {
  CommandResult result;
  result.outcome = Outcome::unknown;
  result.exit_code = 0;
  result.exit_code_source = ExitCodeSource::describe;
  const boost::json::object object = result_to_json(result);
  EXPECT_EQ(object.at("outcome"), "unknown");
  EXPECT_EQ(object.at("exit_code"), 0);
  EXPECT_EQ(object.at("exit_code_source"), "describe");
}

TEST(ResultJson, EncodesWhatIsNoText) {
  CommandResult result;
  result.standard_output = to_bytes("é\n");
  result.standard_error = Bytes{0xff, 0x00};
  const boost::json::object object = result_to_json(result);
  EXPECT_EQ(object.at("stdout"), "é\n");
  EXPECT_EQ(object.at("stdout_encoding"), "utf8");
  EXPECT_EQ(object.at("stderr"), "/wA=");
  EXPECT_EQ(object.at("stderr_encoding"), "base64");
}

TEST(ResultJson, IsOneLine) {
  CommandResult result;
  result.standard_output = to_bytes("a\nb\n");
  EXPECT_EQ(result_json_line(result).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace ferry::feature
