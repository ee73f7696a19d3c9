#include "feature/exec_response.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

using testing::HasSubstr;
using testing::Not;

// boto3 and the JavaScript SDK: names as the API spells them, with what the SDK adds.
constexpr std::string_view kAsTheApiSpellsIt = R"({
  "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "containerArn": "arn:c", "containerName": "app",
  "interactive": true, "session": {"sessionId": "ecs-execute-command-1", "streamUrl": "wss://host/1?role=publish_subscribe",
  "tokenValue": "secret"}, "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123",
  "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"date": "Mon, 23 Nov 2026 10:00:00 GMT"}}})";

// The Go SDKs: exported field names, null where nothing came.
constexpr std::string_view kAsGoSpellsIt = R"({
  "ClusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "ContainerArn": "arn:c", "ContainerName": "app",
  "Interactive": true, "Session": {"SessionId": "ecs-execute-command-1", "StreamUrl": "wss://host/1?role=publish_subscribe",
  "TokenValue": "secret"}, "TaskArn": "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123", "ResultMetadata": {}})";

TEST(ExecResponse, IsReadInEitherSpelling) {
  for (const std::string_view text : {kAsTheApiSpellsIt, kAsGoSpellsIt}) {
    const auto session = parse_exec_response(text);
    ASSERT_TRUE(session) << session.error().line();
    EXPECT_EQ(session->session_id, "ecs-execute-command-1");
    EXPECT_EQ(session->stream_url, "wss://host/1?role=publish_subscribe");
    EXPECT_EQ(session->token_value.reveal(), "secret");
    EXPECT_EQ(session->cluster_arn, "arn:aws:ecs:eu-west-1:123456789012:cluster/prod");
    EXPECT_EQ(session->task_arn, "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123");
    EXPECT_EQ(session->container_name, "app");
    EXPECT_EQ(session->container_arn, "arn:c");
  }
}

TEST(ExecResponse, TheSessionAloneIsEnough) {
  const auto session =
      parse_exec_response(R"({"sessionId": "i", "streamUrl": "wss://h/", "tokenValue": "t"})");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->session_id, "i");
  EXPECT_EQ(session->token_value.reveal(), "t");
  EXPECT_EQ(session->task_arn, "");
}

TEST(ExecResponse, WhatIsMissingIsNamed) {
  const auto without = [](std::string_view text) { return parse_exec_response(text).error().line(); };
  EXPECT_THAT(without(R"({"session": {"streamUrl": "wss://h/", "tokenValue": "t"}})"),
              HasSubstr("sessionId"));
  EXPECT_THAT(without(R"({"session": {"sessionId": "i", "tokenValue": "t"}})"), HasSubstr("streamUrl"));
  EXPECT_THAT(without(R"({"session": {"sessionId": "i", "streamUrl": "wss://h/", "tokenValue": null}})"),
              HasSubstr("tokenValue"));
  EXPECT_THAT(without(R"({"session": "i"})"), HasSubstr("sessionId"));
}

TEST(ExecResponse, WhatIsNoResponseIsRefused) {
  const auto refusal = [](std::string_view text) { return parse_exec_response(text).error(); };
  EXPECT_EQ(refusal("").code, FailureCode::usage);
  EXPECT_THAT(refusal(" \n").what, HasSubstr("empty"));
  EXPECT_THAT(refusal("{'session': {}}").what, HasSubstr("not JSON"));
  EXPECT_THAT(refusal("[]").what, HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal(std::string(kMaxExecResponse + 1, ' ')).what, HasSubstr("1000000 bytes"));
}

TEST(ExecResponse, NoRefusalQuotesTheToken) {
  for (const std::string_view text :
       {R"({"session": {"tokenValue": "s3cret-token"}})", R"({"session": {"tokenValue": "s3cret-token" oops)",
        R"({"tokenValue": "s3cret-token", "sessionId": 7})"}) {
    const auto refused = parse_exec_response(text);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().line(), Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace ferry::feature
