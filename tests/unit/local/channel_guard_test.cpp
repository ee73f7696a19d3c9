// Who may open a session's websocket, and the temporary keys that sign like the endpoint's own.
#include "local/door/guard.hpp"
#include "local/keys/temporary_keys.hpp"
#include "wire/channel_opening.hpp"

#include <string>

#include <gmock/gmock.h>

namespace ferry::local {
namespace {

using testing::HasSubstr;

constexpr std::string_view target = "/v1/data-channel/ecs-execute-command-1?role=publish_subscribe";
constexpr std::string_view host = "127.0.0.1:5319";
constexpr WallTime now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 27)};

struct ChannelGuards : testing::Test {
  static Guard guard(bool is_required) {
    return {{.id = "AKIAOWN", .secret = "own-secret"},
            5319,
            false,
            {.region = "eu-west-1", .is_required = is_required}};
  }

  static net::HttpRequest opening(const wire::sigv4::Identity& identity, WallTime signed_at = now,
                                  std::string_view region = "eu-west-1") {
    net::HttpRequest request;
    request.target = target;
    request.headers = {{"Host", std::string(host)}, {"Upgrade", "websocket"}};
    for (const auto& header : wire::sign_channel(host, target, identity, region, signed_at))
      request.headers.push_back(header);
    return request;
  }

  static wire::sigv4::Identity identity_of(const TemporaryKey& key) {
    return {.access_key_id = key.id, .secret_access_key = key.secret, .session_token = key.session_token};
  }

  // The refusal's type, empty where there is none; every refusal is HTTP 403.
  static std::string refusal(const net::HttpRequest& request, WallTime time = now, bool is_required = true) {
    const auto refused = guard(is_required).check_channel(request, time);
    if (refused) EXPECT_EQ(refused->status, 403);
    return refused ? refused->type : std::string();
  }

  wire::sigv4::Identity own{
      .access_key_id = "AKIAOWN", .secret_access_key = "own-secret", .session_token = {}};
  TemporaryKeys keys{"own-secret"};
  TemporaryKey key = keys.issue("ABCDEFGHIJKLMNOP", now + seconds(900));
};

TEST_F(ChannelGuards, ASignatureIsWantedOnlyWhereThatIsSaid) {
  net::HttpRequest request;
  request.target = target;
  request.headers = {{"Host", std::string(host)}};
  EXPECT_EQ(refusal(request), "MissingAuthenticationTokenException");
  EXPECT_EQ(refusal(request, now, false), "");
}

TEST_F(ChannelGuards, AWrongSignatureIsRefusedEverywhere) {
  for (const bool is_required : {false, true}) {
    EXPECT_EQ(refusal(opening(own), now, is_required), "");
    EXPECT_EQ(refusal(opening(own, now, "us-east-1"), now, is_required), "InvalidSignatureException");
    EXPECT_EQ(refusal(opening(own, now - std::chrono::minutes(16)), now, is_required),
              "InvalidSignatureException");
    wire::sigv4::Identity wrong = own;
    wrong.secret_access_key = "other";
    EXPECT_EQ(refusal(opening(wrong), now, is_required), "InvalidSignatureException");
    wrong = own;
    wrong.access_key_id = "AKIAOTHER";
    EXPECT_EQ(refusal(opening(wrong), now, is_required), "UnrecognizedClientException");
  }
}

TEST_F(ChannelGuards, ASignatureForAnotherServiceIsRefused) {
  net::HttpRequest request;
  request.target = target;
  request.headers = {{"Host", std::string(host)}};
  const wire::sigv4::Request bare{.method = "GET", .target = target, .headers = request.headers, .body = {}};
  const auto added = wire::sigv4::sign(bare, own, {.region = "eu-west-1", .service = "ssm"}, now);
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  EXPECT_EQ(refusal(request), "InvalidSignatureException");
}

TEST_F(ChannelGuards, APresignedAddressIsNotTakenUnchecked) {
  net::HttpRequest request;
  request.target = std::string(target) + "&X-Amz-Signature=0";
  EXPECT_EQ(refusal(request, now, false), "IncompleteSignatureException");
}

TEST_F(ChannelGuards, TemporaryKeysSignUntilTheyExpire) {
  EXPECT_EQ(refusal(opening(identity_of(key))), "");
  const WallTime last = now + seconds(899), after = now + seconds(900);
  EXPECT_EQ(refusal(opening(identity_of(key), last), last), "");
  EXPECT_EQ(refusal(opening(identity_of(key), after), after), "ExpiredTokenException");
}

TEST_F(ChannelGuards, TemporaryKeysCannotBeMadeUpOrStretched) {
  TemporaryKey wrong = key;
  wrong.secret = "other";
  EXPECT_EQ(refusal(opening(identity_of(wrong))), "InvalidSignatureException");
  wrong = key;
  wrong.session_token.insert(wrong.session_token.find('/') + 1, "9");
  EXPECT_EQ(refusal(opening(identity_of(wrong))), "UnrecognizedClientException");
  wrong = TemporaryKeys("another endpoint").issue("ABCDEFGHIJKLMNOP", now + seconds(900));
  EXPECT_EQ(refusal(opening(identity_of(wrong))), "UnrecognizedClientException");
  wrong = key;
  wrong.session_token.clear();
  EXPECT_EQ(refusal(opening(identity_of(wrong))), "UnrecognizedClientException");
}

TEST(TemporaryKeys, AreFoundByWhatTheyAre) {
  const TemporaryKeys keys("own-secret");
  const TemporaryKey key = keys.issue("ABCDEFGHIJKLMNOP", now + seconds(900));
  const auto found = keys.find(key.id, key.session_token);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, key.secret);
  EXPECT_EQ(found->expires_at, key.expires_at);
  EXPECT_NE(key.secret, keys.issue("ABCDEFGHIJKLMNOQ", now + seconds(900)).secret);
  EXPECT_FALSE(keys.find("ASIAOTHEROTHEROTHER", key.session_token));
  for (const std::string_view token : {"", "/", "//", "FERRYLOCAL/x/y", "FERRYLOCAL/99999999999999999999/0"})
    EXPECT_FALSE(keys.find(key.id, token)) << token;
}

}  // namespace
}  // namespace ferry::local
