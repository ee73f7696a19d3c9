#include "local/door/guard.hpp"

#include "wire/sigv4.hpp"

#include <chrono>
#include <string>

#include <gmock/gmock.h>

namespace ferry::local {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;

constexpr WallTime kNow{milliseconds(1'790'000'000'000)};
const AccessKey kKey{.id = "AKIAFERRYLOCTEST2345", .secret = "0123456789abcdef0123456789abcdef01234567"};

Guard guard(bool is_exposed = false) {
  return {kKey, 5319, is_exposed, {.region = "us-east-1"}};
}

net::HttpRequest request_to(std::string host) {
  net::HttpRequest request;
  request.method = "POST";
  request.headers = {{"Host", std::move(host)}, {"Content-Type", "application/x-amz-json-1.1"}};
  request.body = "{}";
  return request;
}

net::HttpRequest signed_request(const AccessKey& key, std::string_view service, WallTime when) {
  net::HttpRequest request = request_to("127.0.0.1:5319");
  const auto added = wire::sigv4::sign(
      {.method = request.method, .target = request.target, .headers = request.headers, .body = request.body},
      {.access_key_id = key.id, .secret_access_key = key.secret, .session_token = {}},
      {.region = "us-east-1", .service = service}, when);
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  return request;
}

class OwnHost : public ::testing::TestWithParam<std::string> {};
TEST_P(OwnHost, IsAccepted) {
  EXPECT_FALSE(guard().check_sender(request_to(GetParam())));
}
INSTANTIATE_TEST_SUITE_P(Hosts, OwnHost,
                         ::testing::Values("127.0.0.1:5319", "localhost:5319", "LOCALHOST:5319",
                                           "[::1]:5319"));

class ForeignHost : public ::testing::TestWithParam<std::string> {};
TEST_P(ForeignHost, IsRefused) {
  const auto refused = guard().check_sender(request_to(GetParam()));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403);
}
INSTANTIATE_TEST_SUITE_P(Hosts, ForeignHost,
                         ::testing::Values("evil.example:5319", "evil.example", "127.0.0.1", "localhost:80",
                                           "localhost.evil.example:5319", "10.0.0.7:5319", ":5319", "",
                                           "127.0.0.1:5319.evil.example"));

TEST(Guard, TakesAnyAddressButNoNameWhereItIsExposed) {
  EXPECT_FALSE(guard(true).check_sender(request_to("10.0.0.7:5319")));
  EXPECT_TRUE(guard(true).check_sender(request_to("evil.example:5319")));
}

TEST(Guard, RefusesRequestsWithoutOneHost) {
  net::HttpRequest request = request_to("127.0.0.1:5319");
  request.headers.emplace_back("host", "127.0.0.1:5319");
  EXPECT_TRUE(guard().check_sender(request));
  request.headers.clear();
  EXPECT_TRUE(guard().check_sender(request));
}

TEST(Guard, RefusesEveryOrigin) {
  for (const char* origin : {"http://127.0.0.1:5319", "null", "https://evil.example"}) {
    net::HttpRequest request = request_to("127.0.0.1:5319");
    request.headers.emplace_back("Origin", origin);
    const auto refused = guard().check_sender(request);
    ASSERT_TRUE(refused) << origin;
    EXPECT_EQ(refused->status, 403);
  }
}

TEST(Guard, TakesASignatureByTheKey) {
  EXPECT_FALSE(guard().check_signature(signed_request(kKey, "ecs", kNow), "ecs", kNow));
}

TEST(Guard, NamesEachSignatureFaultAsTheServicesDo) {
  const auto type_of = [](const net::HttpRequest& request) {
    const auto refused = guard().check_signature(request, "ecs", kNow);
    return refused ? refused->type : std::string("accepted");
  };
  EXPECT_EQ(type_of(request_to("127.0.0.1:5319")), "MissingAuthenticationTokenException");

  net::HttpRequest incomplete = request_to("127.0.0.1:5319");
  incomplete.headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=x");
  EXPECT_EQ(type_of(incomplete), "IncompleteSignatureException");

  const AccessKey stranger{.id = "AKIAIOSFODNN7EXAMPLE", .secret = kKey.secret};
  EXPECT_EQ(type_of(signed_request(stranger, "ecs", kNow)), "UnrecognizedClientException");

  const AccessKey guesser{.id = kKey.id, .secret = "guess"};
  EXPECT_EQ(type_of(signed_request(guesser, "ecs", kNow)), "InvalidSignatureException");

  net::HttpRequest changed = signed_request(kKey, "ecs", kNow);
  changed.body = R"({"cluster":"other"})";
  EXPECT_EQ(type_of(changed), "InvalidSignatureException");
}

TEST(Guard, SaysThatAClockIsWrong) {
  const auto late = guard().check_signature(signed_request(kKey, "ecs", kNow - minutes(20)), "ecs", kNow);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->type, "InvalidSignatureException");
  EXPECT_THAT(late->message, HasSubstr("Signature expired"));
  const auto early = guard().check_signature(signed_request(kKey, "ecs", kNow + minutes(20)), "ecs", kNow);
  ASSERT_TRUE(early);
  EXPECT_THAT(early->message, HasSubstr("not yet current"));
}

TEST(Guard, WantsTheSignatureForTheServiceThatIsCalled) {
  const auto refused = guard().check_signature(signed_request(kKey, "logs", kNow), "ecs", kNow);
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->message, HasSubstr("'ecs'"));
}

TEST(Guard, WantsTheSignatureOfItsOwnKeyOnControlPaths) {
  EXPECT_FALSE(guard().check_control(signed_request(kKey, "ferry-local", kNow), kNow));
  EXPECT_TRUE(guard().check_control(signed_request(kKey, "ecs", kNow), kNow));
  EXPECT_TRUE(guard().check_control(signed_request({kKey.id, "guess"}, "ferry-local", kNow), kNow));
  EXPECT_TRUE(guard().check_control(signed_request(kKey, "ferry-local", kNow - minutes(20)), kNow));
  EXPECT_TRUE(guard().check_control(request_to("127.0.0.1:5319"), kNow));

  net::HttpRequest with_secret = request_to("127.0.0.1:5319");
  with_secret.headers.emplace_back("Authorization", "Bearer " + kKey.secret);
  EXPECT_TRUE(guard().check_control(with_secret, kNow));

  const Guard elsewhere(kKey, 5319, false, {.region = "eu-west-1"});
  EXPECT_TRUE(elsewhere.check_control(signed_request(kKey, "ferry-local", kNow), kNow));
}

}  // namespace
}  // namespace ferry::local
