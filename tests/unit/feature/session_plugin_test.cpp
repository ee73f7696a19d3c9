#include "feature/session_plugin.hpp"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Result<PluginCall> call(const std::vector<std::string>& words,
                        const std::map<std::string, std::string>& variables = {}) {
  return parse_plugin_call(words, [&variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

PluginText text_of(const std::vector<std::string>& words) {
  const Result<PluginCall> parsed = call(words);
  EXPECT_TRUE(parsed);
  return parsed ? std::get<PluginText>(*parsed) : PluginText{};
}

constexpr const char* kResponse =
    R"({"sessionId":"s-1","streamUrl":"ws://127.0.0.1:1/x","tokenValue":"secret-token"})";
constexpr const char* kRequest = R"({"Target":"ecs:prod_0123_0123-1"})";

void expect_session(const Result<PluginCall>& parsed) {
  ASSERT_TRUE(parsed) << parsed.error().line();
  const auto& address = std::get<PluginRequest>(*parsed).address;
  EXPECT_EQ(address.session_id, "s-1");
  EXPECT_EQ(address.stream_url, "ws://127.0.0.1:1/x");
  EXPECT_EQ(address.token_value.reveal(), "secret-token");
}

TEST(PluginCall, SaysThatItIsInstalled) {
  EXPECT_EQ(
      text_of({}).text,
      "\nThe Session Manager plugin was installed successfully. Use the AWS CLI to start a session.\n\n");
}

// The AWS CLI compares component by component and needs more than 1.2.497.0 for the token in the environment.
TEST(PluginCall, HasAVersionThatKeepsTheTokenOutOfTheCommandLine) {
  const std::string version = text_of({"--version"}).text;
  int major = 0, minor = 0, patch = 0, build = 0;
  ASSERT_EQ(std::sscanf(version.c_str(), "%d.%d.%d.%d\n", &major, &minor, &patch, &build), 4) << version;
  EXPECT_GT((std::tuple{major, minor, patch, build}), (std::tuple{1, 2, 497, 0}));
}

TEST(PluginCall, DoesNotKnowOtherOperations) {
  const PluginText text = text_of({"frobnicate"});
  EXPECT_THAT(text.text, HasSubstr("Unknown operation frobnicate."));
  EXPECT_FALSE(text.is_success);
  EXPECT_THAT(call({kResponse, "us-east-1", "StopSession", "", kRequest, ""}).error().line(),
              HasSubstr("StopSession"));
}

TEST(PluginCall, TakesTheResponseAsEcsAndAsSsmSpellIt) {
  expect_session(call({kResponse, "us-east-1", "StartSession", "", kRequest, "http://127.0.0.1:1"}));
  expect_session(call(
      {R"({"SessionId":"s-1","TokenValue":"secret-token","StreamUrl":"ws://127.0.0.1:1/x","ResponseMetadata":{}})",
       "us-east-1", "StartSession", "", kRequest, "http://127.0.0.1:1"}));
  expect_session(call({kResponse, "us-east-1", "StartSession"}));
}

TEST(PluginCall, TakesTheResponseFromTheEnvironment) {
  expect_session(call({"AWS_SSM_START_SESSION_RESPONSE_7", "us-east-1", "StartSession", "", kRequest, ""},
                      {{"AWS_SSM_START_SESSION_RESPONSE_7", kResponse}}));
  EXPECT_THAT(call({"AWS_SSM_START_SESSION_RESPONSE", "us-east-1", "StartSession"}).error().line(),
              HasSubstr("AWS_SSM_START_SESSION_RESPONSE"));
}

PluginRequest request_of(const std::vector<std::string>& words) {
  const Result<PluginCall> parsed = call(words);
  EXPECT_TRUE(parsed);
  return parsed ? std::get<PluginRequest>(*parsed) : PluginRequest{};
}

TEST(PluginCall, TakesWhatTheSessionsOtherCallsNeed) {
  const PluginRequest request =
      request_of({kResponse, "eu-west-1", "StartSession", "work", kRequest, "http://127.0.0.1:1"});
  EXPECT_EQ(request.flags.region, "eu-west-1");
  EXPECT_EQ(request.flags.profile, "work");
  EXPECT_EQ(request.flags.endpoint_url, "http://127.0.0.1:1");
  EXPECT_EQ(request.target, "ecs:prod_0123_0123-1");
}

// The AWS CLI passes the endpoint of ECS, where neither ResumeSession nor GenerateDataKey are.
TEST(PluginCall, AnEndpointOfAwsStandsForItsServiceOnly) {
  for (const char* const endpoint :
       {"https://ecs.us-east-1.amazonaws.com", "https://ssm.cn-north-1.amazonaws.com.cn",
        "https://ecs.us-east-1.api.aws"}) {
    const PluginRequest request =
        request_of({kResponse, "us-east-1", "StartSession", "", kRequest, endpoint});
    EXPECT_EQ(request.flags.endpoint_url, "") << endpoint;
  }
}

TEST(PluginCall, DoesWithoutATarget) {
  EXPECT_EQ(request_of({kResponse, "us-east-1", "StartSession"}).target, "");
  EXPECT_EQ(request_of({kResponse, "us-east-1", "StartSession", "", "[]"}).target, "");
  EXPECT_EQ(request_of({kResponse, "us-east-1", "StartSession", "", R"({"Target":7})", ""}).target, "");
}

TEST(PluginCall, SaysWhatIsMissingAndKeepsTheTokenToItself) {
  EXPECT_THAT(call({"{", "us-east-1", "StartSession"}).error().line(), HasSubstr("not the JSON"));
  EXPECT_THAT(call({"[]", "us-east-1", "StartSession"}).error().line(), HasSubstr("not the JSON"));
  EXPECT_THAT(call({R"({"sessionId":"s-1","tokenValue":"secret-token"})", "us-east-1", "StartSession"})
                  .error()
                  .line(),
              AllOf(HasSubstr("StreamUrl"), Not(HasSubstr("secret-token"))));
  EXPECT_THAT(
      call({R"({"sessionId":7,"streamUrl":"x","tokenValue":"secret-token"})", "us-east-1", "StartSession"})
          .error()
          .line(),
      AllOf(HasSubstr("SessionId"), Not(HasSubstr("secret-token"))));
  EXPECT_THAT(call({R"({"tokenValue":"secret-token")", "us-east-1", "StartSession"}).error().line(),
              Not(HasSubstr("secret-token")));
}

}  // namespace
}  // namespace ferry::feature
