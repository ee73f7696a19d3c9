#include "wire/sigv4.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>

namespace ferry::wire::sigv4 {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;

// The key, time and scope of the test suite that AWS published for Signature Version 4.
constexpr std::string_view kKeyId = "AKIDEXAMPLE";
constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kToken =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflf"
    "KD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd"
    "8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3i"
    "SIlTJabIQwj2ICCR/oLxBA==";
constexpr Scope kScope{.region = "us-east-1", .service = "service"};
const WallTime kTime =
    std::chrono::sys_days(std::chrono::year(2015) / 8 / 30) + std::chrono::hours(12) + minutes(36);

Identity identity(std::string_view token = {}) {
  return {.access_key_id = kKeyId, .secret_access_key = kSecret, .session_token = token};
}

std::string value_of(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, [](const auto& header) { return header.first; });
  return found == headers.end() ? "(absent)" : found->second;
}

std::string authorization(std::string_view method, std::string_view target, std::string_view token = {}) {
  const Headers headers{{"Host", "example.amazonaws.com"}};
  return value_of(sign({.method = method, .target = target, .headers = headers, .body = ""}, identity(token),
                       kScope, kTime),
                  "Authorization");
}

TEST(SigV4Sign, AgreesWithThePublishedVectors) {
  EXPECT_EQ(authorization("GET", "/"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_THAT(authorization("POST", "/"),
              HasSubstr("=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
  EXPECT_THAT(authorization("GET", "/?Param2=value2&Param1=value1"),
              HasSubstr("=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
  EXPECT_THAT(authorization("POST", "/", kToken),
              HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token, "
                        "Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"));
}

TEST(SigV4Sign, AddsDateAndTokenAndNothingElse) {
  const Headers headers{{"Host", "example.amazonaws.com"}};
  const Request request{.method = "POST", .target = "/", .headers = headers, .body = "{}"};
  const Headers plain = sign(request, identity(), kScope, kTime);
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_EQ(value_of(plain, "X-Amz-Date"), "20150830T123600Z");
  const Headers with_token = sign(request, identity("token"), kScope, kTime);
  ASSERT_EQ(with_token.size(), 3U);
  EXPECT_EQ(value_of(with_token, "X-Amz-Security-Token"), "token");
}

// A signed call as it arrives, for tests to change.
struct Arrived {
  std::string method = "POST";
  std::string target = "/";
  Headers headers{{"Host", "127.0.0.1:5319"},
                  {"Content-Type", "application/x-amz-json-1.1"},
                  {"X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListTasks"},
                  {"User-Agent", "ferry/1"}};
  std::string body = "{}";

  explicit Arrived(std::string_view token = {}) {
    const Headers added = sign(request(), identity(token), kScope, kTime);
    headers.insert(headers.end(), added.begin(), added.end());
  }

  [[nodiscard]] Request request() const {
    return {.method = method, .target = target, .headers = headers, .body = body};
  }
  std::string& header(std::string_view name) {
    return std::ranges::find(headers, name, [](const auto& header) { return header.first; })->second;
  }
  [[nodiscard]] tl::expected<Authorization, Refusal> verify(WallTime now = kTime,
                                                            std::string_view token = {}) const {
    return sigv4::verify(request(), identity(token), now);
  }
  [[nodiscard]] Fault fault(WallTime now = kTime, std::string_view token = {}) const {
    const auto verified = verify(now, token);
    if (verified) ADD_FAILURE() << "the request was accepted";
    return verified ? Fault::missing : verified.error().fault;
  }
};

TEST(SigV4Verify, AcceptsWhatWasSignedAndTellsItsScope) {
  const auto verified = Arrived().verify();
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->access_key_id, kKeyId);
  EXPECT_EQ(verified->region, "us-east-1");
  EXPECT_EQ(verified->service, "service");
  EXPECT_TRUE(Arrived("token").verify(kTime, "token"));
}

TEST(SigV4Verify, AcceptsHeadersThatAProxyAddsOrChanges) {
  Arrived arrived;
  arrived.header("User-Agent") = "other";
  arrived.headers.emplace_back("X-Amzn-Trace-Id", "Root=1");
  arrived.headers.emplace_back("Content-Length", "2");
  EXPECT_TRUE(arrived.verify());
}

TEST(SigV4Verify, RefusesAnyChangeOfWhatWasSigned) {
  const std::pair<const char*, std::function<void(Arrived&)>> changes[] = {
      {"method", [](Arrived& a) { a.method = "PUT"; }},
      {"target", [](Arrived& a) { a.target = "/x"; }},
      {"query", [](Arrived& a) { a.target = "/?x=1"; }},
      {"body", [](Arrived& a) { a.body = "{ }"; }},
      {"host", [](Arrived& a) { a.header("Host") = "evil.example"; }},
      {"operation", [](Arrived& a) { a.header("X-Amz-Target") += "2"; }},
      {"second operation", [](Arrived& a) { a.headers.emplace_back("X-Amz-Target", "Other.RunTask"); }},
      {"time", [](Arrived& a) { a.header("X-Amz-Date") = "20150830T123601Z"; }},
      {"signature", [](Arrived& a) { a.header("Authorization").back() ^= 1; }},
      {"signature's end", [](Arrived& a) { a.header("Authorization").pop_back(); }},
      {"signed header gone",
       [](Arrived& a) { std::erase_if(a.headers, [](auto& h) { return h.first == "Content-Type"; }); }},
  };
  for (const auto& [name, change] : changes) {
    SCOPED_TRACE(name);
    Arrived arrived;
    change(arrived);
    EXPECT_EQ(arrived.fault(), Fault::mismatch);
  }
}

TEST(SigV4Verify, RefusesAnotherSecretKeyIdOrToken) {
  const Arrived arrived;
  EXPECT_EQ(sigv4::verify(arrived.request(),
                          {.access_key_id = kKeyId, .secret_access_key = "other", .session_token = {}}, kTime)
                .error()
                .fault,
            Fault::mismatch);
  EXPECT_EQ(
      sigv4::verify(arrived.request(),
                    {.access_key_id = "AKOTHER", .secret_access_key = kSecret, .session_token = {}}, kTime)
          .error()
          .fault,
      Fault::unknown_key);
  EXPECT_EQ(arrived.fault(kTime, "token"), Fault::unknown_key);
  EXPECT_EQ(Arrived("token").fault(), Fault::unknown_key);
}

TEST(SigV4Verify, EveryAmzHeaderMustBeSigned) {
  Arrived arrived;
  arrived.headers.emplace_back("X-Amz-Other", "1");
  const auto verified = arrived.verify();
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().fault, Fault::mismatch);
  EXPECT_THAT(verified.error().detail, HasSubstr("x-amz-other"));
}

TEST(SigV4Verify, TheClockMayBeOffByTheToleranceAndNoMore) {
  const Arrived arrived;
  EXPECT_TRUE(arrived.verify(kTime + kClockTolerance));
  EXPECT_TRUE(arrived.verify(kTime - kClockTolerance));
  EXPECT_EQ(arrived.fault(kTime + kClockTolerance + milliseconds(1)), Fault::expired);
  EXPECT_EQ(arrived.fault(kTime - kClockTolerance - milliseconds(1)), Fault::expired);
  EXPECT_THAT(arrived.verify(kTime + minutes(20)).error().detail,
              HasSubstr("Signature expired: 20150830T123600Z is now earlier than 20150830T124100Z"));
}

TEST(SigV4Verify, TellsAMissingHeaderFromAnIncompleteOne) {
  Arrived without;
  std::erase_if(without.headers, [](const auto& header) { return header.first == "Authorization"; });
  EXPECT_EQ(without.fault(), Fault::missing);

  Arrived twice;
  twice.headers.emplace_back("authorization", twice.header("Authorization"));
  EXPECT_EQ(twice.fault(), Fault::incomplete);

  Arrived without_date;
  std::erase_if(without_date.headers, [](const auto& header) { return header.first == "X-Amz-Date"; });
  EXPECT_EQ(without_date.fault(), Fault::incomplete);

  for (const std::string_view date :
       {"", "20150830", "20150832T123600Z", "20150830T243600Z", "2015083xT123600Z", "20150830T12360-Z"}) {
    SCOPED_TRACE(date);
    Arrived bad_date;
    bad_date.header("X-Amz-Date") = date;
    EXPECT_EQ(bad_date.fault(), Fault::incomplete);
  }
}

TEST(SigV4Authorization, ReadsItsParts) {
  const auto parsed = parse_authorization(
      "AWS4-HMAC-SHA256 Credential=AK/20150830/eu-west-1/ecs/aws4_request,SignedHeaders=host;x-amz-date,"
      "Signature=ab12");
  ASSERT_TRUE(parsed) << parsed.error().detail;
  const Authorization expected{.access_key_id = "AK",
                               .date = "20150830",
                               .region = "eu-west-1",
                               .service = "ecs",
                               .signed_headers = {"host", "x-amz-date"},
                               .signature = "ab12"};
  EXPECT_EQ(*parsed, expected);
}

TEST(SigV4Authorization, NamesWhatIsIncomplete) {
  const auto detail = [](std::string_view text) {
    const auto parsed = parse_authorization(text);
    return parsed ? std::string("accepted") : parsed.error().detail;
  };
  EXPECT_THAT(detail("Bearer abc"), HasSubstr("must begin with 'AWS4-HMAC-SHA256 '"));
  EXPECT_THAT(detail("AWS4-HMAC-SHA256"), HasSubstr("must begin with"));
  EXPECT_EQ(detail("AWS4-HMAC-SHA256 x"),
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
            "parameter. Authorization header requires 'SignedHeaders' parameter.");
  EXPECT_THAT(detail("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00"),
              HasSubstr("exactly 5 slash-delimited elements"));
  EXPECT_THAT(
      detail("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws5_request, SignedHeaders=host, Signature=0"),
      HasSubstr("exactly 5"));
  EXPECT_THAT(
      detail("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=z;a, Signature=0"),
      HasSubstr("sorted"));
}

}  // namespace
}  // namespace ferry::wire::sigv4
