#include "wire/channel_opening.hpp"

#include <string>

#include <gmock/gmock.h>

namespace ferry::wire {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view plain_target =
    "/v1/data-channel/ecs-execute-command-1?role=publish_subscribe&cell-number=AAEA";

TEST(ChannelOpening, IsSignedWhereThereAreCredentials) {
  EXPECT_EQ(channel_opening(plain_target, false, true), ChannelOpening::with_signature);
  EXPECT_EQ(channel_opening(plain_target, false, false), ChannelOpening::without_credentials);
  EXPECT_EQ(channel_opening(plain_target, true, true), ChannelOpening::unsigned_by_choice);
  EXPECT_EQ(channel_opening(plain_target, true, false), ChannelOpening::unsigned_by_choice);
}

TEST(ChannelOpening, APresignedAddressIsLeftAsItIs) {
  for (const std::string parameter : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
                                      "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token"}) {
    for (const std::string& target :
         {"/s?" + parameter + "=v", "/s?role=r&" + parameter + "=", "/s?" + parameter}) {
      EXPECT_TRUE(is_presigned(target)) << target;
      EXPECT_EQ(channel_opening(target, false, true), ChannelOpening::presigned) << target;
      EXPECT_EQ(channel_opening(target, true, false), ChannelOpening::presigned) << target;
    }
  }
}

TEST(ChannelOpening, WhatOnlyLooksLikeAPresignedAddressIsNone) {
  for (const std::string_view target :
       {plain_target, std::string_view("/"), std::string_view("/X-Amz-Signature"),
        std::string_view("/s?a=X-Amz-Signature"), std::string_view("/s?X-Amz-Signatures=1"),
        std::string_view("/X-Amz-Date=1?"), std::string_view("/s?X-Amz-User-Agent=x")}) {
    EXPECT_FALSE(is_presigned(target)) << target;
  }
}

TEST(ChannelRegion, IsInTheStreamsHost) {
  EXPECT_EQ(region_of_channel("ssmmessages.eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(region_of_channel("ssmmessages.cn-north-1.amazonaws.com.cn"), "cn-north-1");
  EXPECT_EQ(region_of_channel("ssmmessages-fips.us-gov-west-1.amazonaws.com"), "us-gov-west-1");
  EXPECT_EQ(region_of_channel("ssmmessages.us-isob-east-1.sc2s.sgov.gov"), "us-isob-east-1");
  EXPECT_EQ(region_of_channel("ssmmessages.eu-central-1.api.aws"), "eu-central-1");
  EXPECT_EQ(region_of_channel("vpce-0a1b-2c3d.ssmmessages.ap-southeast-2.vpce.amazonaws.com"),
            "ap-southeast-2");
  EXPECT_EQ(region_of_channel("vpce-0a1b-2c3d-us-east-1a.ssmmessages.us-east-1.vpce.amazonaws.com"),
            "us-east-1");
}

TEST(ChannelRegion, IsInNoOtherHost) {
  for (const std::string_view host :
       {"127.0.0.1", "localhost", "::1", "ssmmessages", "ssmmessages.", "ssmmessages.internal.example.com",
        "ssmmessages.eu-west.example.com", "ecs.eu-west-1.amazonaws.com", ""}) {
    EXPECT_EQ(region_of_channel(host), "") << host;
  }
}

TEST(ChannelRegion, IsInTheArns) {
  EXPECT_EQ(region_of_arn("arn:aws:ecs:eu-north-1:123456789012:task/prod/0123"), "eu-north-1");
  EXPECT_EQ(region_of_arn("arn:aws:iam::123456789012:role/x"), "");
  EXPECT_EQ(region_of_arn("task/prod/0123"), "");
  EXPECT_EQ(region_of_arn(""), "");
}

TEST(ChannelRight, IsOnTheSessionsOfEcs) {
  EXPECT_EQ(session_resource("arn:aws-cn:ecs:cn-north-1:123456789012:task/prod/0123", "cn-north-1",
                             "ecs-execute-command-0a"),
            "arn:aws-cn:ssm:cn-north-1:123456789012:session/ecs-execute-command-*");
  EXPECT_EQ(session_resource("", "us-gov-west-1", "ecs-execute-command-0a"),
            "arn:aws-us-gov:ssm:us-gov-west-1:*:session/ecs-execute-command-*");
  EXPECT_EQ(session_resource("", "eu-west-1", "me-0a"), "arn:aws:ssm:eu-west-1:*:session/me-0a");
}

struct Refused : testing::Test {
  Failure explained() const { return explain_refused_channel(refusal, opener); }

  Failure refusal{.code = FailureCode::denied,
                  .what = "the websocket was refused with HTTP status 403",
                  .hint = {},
                  .service_code = {}};
  ChannelOpener opener{.opening = ChannelOpening::with_signature,
                       .access_key_id = "AKIDEXAMPLE",
                       .source = "profile dev",
                       .region = "eu-west-1",
                       .session_arn = "arn:aws:ssm:eu-west-1:1:session/ecs-execute-command-*"};
};

TEST_F(Refused, NamesTheKeyItsSourceAndTheRight) {
  EXPECT_THAT(explained().line(), AllOf(HasSubstr("AKIDEXAMPLE"), HasSubstr("profile dev"),
                                        HasSubstr("eu-west-1"), HasSubstr("ssmmessages:OpenDataChannel"),
                                        HasSubstr("arn:aws:ssm:eu-west-1:1:session/ecs-execute-command-*")));
  EXPECT_EQ(explained().code, FailureCode::denied);
}

TEST_F(Refused, ASignatureThatIsNotRightIsDeniedWhateverTheStatus) {
  refusal.code = FailureCode::refused;  // HTTP 400
  for (const std::string name :
       {"InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature",
        "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException",
        "MissingAuthenticationTokenException", "AccessDeniedException", "RequestExpired"}) {
    refusal.service_code = name;
    EXPECT_EQ(explained().code, FailureCode::denied) << name;
    EXPECT_THAT(explained().what, HasSubstr("AKIDEXAMPLE")) << name;
    EXPECT_NE(explained().hint, "") << name;
  }
}

TEST_F(Refused, AnythingElseIsNotTheSignaturesFault) {
  for (const FailureCode code : {FailureCode::refused, FailureCode::lost, FailureCode::unreachable}) {
    refusal.code = code;
    EXPECT_EQ(explained(), refusal);
  }
  refusal.code = FailureCode::refused;
  refusal.service_code = "ThrottlingException";
  EXPECT_EQ(explained(), refusal);
}

TEST_F(Refused, AnUnsignedOneSaysThatItWas) {
  opener.opening = ChannelOpening::without_credentials;
  EXPECT_THAT(explained().line(),
              AllOf(HasSubstr("want of credentials"), HasSubstr("ssmmessages:OpenDataChannel"),
                    Not(HasSubstr("AKIDEXAMPLE"))));
  opener.opening = ChannelOpening::unsigned_by_choice;
  EXPECT_THAT(explained().line(), HasSubstr("--unsigned-channel"));
}

}  // namespace
}  // namespace ferry::wire
