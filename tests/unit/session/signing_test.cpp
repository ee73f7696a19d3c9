// Who opens a session's connections, and where: signatures, their absence, their refusal, other hosts.
#include "stage.hpp"
#include "wire/sigv4.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ferry::session {
namespace {

using test::Stage;
using test::type_bye;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

net::Task<Result<ChannelIdentity>> identity_of(std::string key_id, std::string token, WallTime now) {
  co_return ChannelIdentity{.access_key_id = std::move(key_id),
                            .secret_access_key = std::string(secret_key),
                            .session_token = std::move(token),
                            .source = "the test",
                            .region = "eu-west-1",
                            .now = now};
}

net::Task<Result<ChannelIdentity>> nobody() {
  co_return fail(FailureCode::not_found, "no credentials anywhere");
}

struct Signing : testing::Test {
  Signing() {
    stage.can_renew_tokens();
    stage.services.door.identity = [this] {
      ++asked;
      return identity_of("KEY" + std::to_string(asked), token, now + seconds(asked));
    };
    stage.listener.on_unsigned = [this](const Failure& reason) { unsigned_reasons.push_back(reason.what); };
  }

  // What the request's signature is good for; the failure's text where it is not.
  std::string scope_of(std::size_t index) const {
    const net::HttpRequest& request = stage.requests.at(index);
    const std::string key_id = "KEY" + std::to_string(index + 1);
    const auto verified = wire::sigv4::verify(
        {.method = request.method, .target = request.target, .headers = request.headers, .body = {}},
        {.access_key_id = key_id, .secret_access_key = secret_key, .session_token = token},
        now + seconds(index + 1));
    if (!verified) return verified.error().detail;
    std::string names;
    for (const std::string& name : verified->signed_headers) names += " " + name;
    return verified->service + " " + verified->region + names;
  }

  bool is_signed(std::size_t index) const {
    return net::count_headers(stage.requests.at(index).headers, "Authorization") != 0;
  }

  Stage stage;
  std::string token;
  WallTime now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 27)};
  int asked = 0;
  std::vector<std::string> unsigned_reasons;
};

TEST_F(Signing, EachConnectionIsSignedByTheCredentialsOfItsMoment) {
  stage.agent.cuts = {{.after_sent = 1}, {.after_sent = 1}};
  stage.address.stream_url += "?role=publish_subscribe&cell-number=AAEA";
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  ASSERT_EQ(stage.requests.size(), 3U);
  for (std::size_t index = 0; index < 3; ++index)
    EXPECT_EQ(scope_of(index), "ssmmessages eu-west-1 host x-amz-date") << index;
  EXPECT_EQ(asked, 3);
  EXPECT_THAT(unsigned_reasons, ElementsAre());
}

TEST_F(Signing, ASessionTokenIsSignedToo) {
  token = "FwoGZXIvYXdzEBYaDH+/==";
  ASSERT_TRUE(stage.play(type_bye));
  EXPECT_EQ(scope_of(0), "ssmmessages eu-west-1 host x-amz-date x-amz-security-token");
  EXPECT_EQ(net::find_header(stage.requests.at(0).headers, "X-Amz-Security-Token"), token);
}

TEST_F(Signing, TheRegionIsTheSessionsBeforeItIsTheCallers) {
  stage.services.door.region = "ap-northeast-1";
  ASSERT_TRUE(stage.play(type_bye));
  EXPECT_EQ(scope_of(0), "ssmmessages ap-northeast-1 host x-amz-date");
}

TEST_F(Signing, AHostOfOnesOwnIsDialledAndSignedForTheSessionsRegion) {
  const net::Url own = *net::parse_url(stage.address.stream_url);
  stage.services.door.endpoint = "http://" + own.authority();
  stage.address.stream_url =
      "ws://vpce-1.ssmmessages.sa-east-1.vpce.amazonaws.com/v1/data-channel/ferry-test?role=r";
  ASSERT_TRUE(stage.play(type_bye));
  EXPECT_EQ(stage.requests.at(0).target, "/v1/data-channel/ferry-test?role=r");
  EXPECT_EQ(net::find_header(stage.requests.at(0).headers, "Host"), own.authority());
  EXPECT_EQ(scope_of(0), "ssmmessages sa-east-1 host x-amz-date");
}

TEST_F(Signing, APresignedAddressIsNotSignedAndNobodyIsAsked) {
  stage.address.stream_url += "?X-Amz-Signature=abc";
  ASSERT_TRUE(stage.play(type_bye));
  EXPECT_FALSE(is_signed(0));
  EXPECT_EQ(asked, 0);
  EXPECT_THAT(unsigned_reasons, ElementsAre());
}

TEST_F(Signing, WhoWantsNoSignatureGetsNone) {
  stage.services.door.is_unsigned_by_choice = true;
  ASSERT_TRUE(stage.play(type_bye));
  EXPECT_FALSE(is_signed(0));
  EXPECT_EQ(asked, 0);
  EXPECT_THAT(unsigned_reasons, ElementsAre());
}

TEST_F(Signing, WithoutCredentialsConnectionsAreUnsignedAndThatIsSaidOnce) {
  stage.services.door.identity = nobody;
  stage.agent.cuts = {{.after_sent = 1}};
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  ASSERT_EQ(stage.requests.size(), 2U);
  EXPECT_FALSE(is_signed(0));
  EXPECT_FALSE(is_signed(1));
  EXPECT_THAT(unsigned_reasons, ElementsAre("no credentials anywhere"));
}

TEST_F(Signing, ARefusedSignatureIsAnErrorThatNamesTheKeyAndNoSecondTry) {
  token = "FwoGZXIvYXdzEBYaDH+/==";
  stage.refusal = {.status = 400,
                   .headers = {{"x-amzn-ErrorType", "InvalidSignatureException:http://internal.amazon.com/"}},
                   .body = R"({"message":"Not FwoGZXIvYXdzEBYaDH+/== but another"})"};
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::denied);
  EXPECT_EQ(closed.error().service_code, "InvalidSignatureException");
  EXPECT_THAT(closed.error().line(),
              AllOf(HasSubstr("ferry-test"), HasSubstr("KEY1"), HasSubstr("the test"),
                    HasSubstr("but another"), HasSubstr("HTTP status 400"), Not(HasSubstr("FwoGZXIvYXdz"))));
  EXPECT_EQ(stage.requests.size(), 1U);
}

constexpr std::string_view expired_body = R"({"__type":"ExpiredTokenException","message":"expired"})";

TEST_F(Signing, ExpiredCredentialsAreRenewedOnceWhereTheirSourceCan) {
  int renewals = 0;
  stage.services.door.forget_identity = [&renewals] {
    ++renewals;
    return true;
  };
  stage.refusal = {.status = 403, .headers = {}, .body = std::string(expired_body)};
  stage.statuses = {403, 200};
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  ASSERT_EQ(stage.requests.size(), 2U);
  EXPECT_EQ(scope_of(1), "ssmmessages eu-west-1 host x-amz-date");
  EXPECT_EQ(renewals, 1);
}

TEST_F(Signing, CredentialsThatAreStillExpiredAreAnError) {
  stage.services.door.forget_identity = [] { return true; };
  stage.refusal = {.status = 403, .headers = {}, .body = std::string(expired_body)};
  stage.statuses = {403, 403};
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::denied);
  EXPECT_EQ(stage.requests.size(), 2U);
}

TEST_F(Signing, ExpiredCredentialsThatNobodyRenewsAreAnErrorAtOnce) {
  stage.refusal = {.status = 403, .headers = {}, .body = std::string(expired_body)};
  stage.statuses = {403};
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().line(), HasSubstr("get new temporary credentials"));
  EXPECT_EQ(stage.requests.size(), 1U);
}

TEST_F(Signing, ARefusalOfAResumedConnectionEndsTheSessionAsLost) {
  stage.agent.cuts = {{.after_sent = 1}};
  stage.statuses = {200, 403};
  const auto closed = stage.play();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, FailureCode::lost);
  EXPECT_THAT(closed.error().line(), AllOf(HasSubstr("KEY2"), HasSubstr("ssmmessages:OpenDataChannel")));
  EXPECT_EQ(stage.requests.size(), 2U);
}

TEST_F(Signing, TheAddressThatComesWithTheFreshTokenIsDialled) {
  stage.agent.cuts = {{.after_sent = 1}, {.after_sent = 1}};
  stage.renewals = {
      Renewal{.token_value = "token 1", .stream_url = stage.address.stream_url + "?cell-number=2"},
      Renewal{.token_value = "token 2", .stream_url = ""}};
  const auto closed = stage.play(type_bye);
  ASSERT_TRUE(closed) << closed.error().line();
  std::vector<std::string> targets;
  for (const net::HttpRequest& request : stage.requests) targets.push_back(request.target);
  EXPECT_THAT(targets, ElementsAre("/v1/data-channel/ferry-test", "/v1/data-channel/ferry-test?cell-number=2",
                                   "/v1/data-channel/ferry-test?cell-number=2"));
  EXPECT_EQ(scope_of(1), "ssmmessages eu-west-1 host x-amz-date");
}

}  // namespace
}  // namespace ferry::session
