#include "net/url.hpp"

#include <gtest/gtest.h>

namespace ferry::net {
namespace {

TEST(UrlTest, TakesApartWhatUsersGive) {
  const Result<Url> url = parse_url("HTTPS://ECS.us-east-1.Amazonaws.com/a/b?c=d%20e");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "ecs.us-east-1.amazonaws.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->target, "/a/b?c=d%20e");
  EXPECT_EQ(url->authority(), "ecs.us-east-1.amazonaws.com");
  EXPECT_TRUE(url->is_secure());
}

TEST(UrlTest, KnowsThePortOfEachScheme) {
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("ws://h")->port, 80);
  EXPECT_EQ(parse_url("wss://h")->port, 443);
  EXPECT_EQ(parse_url("http://h:443")->authority(), "h:443");
  EXPECT_EQ(parse_url("http://h:80")->authority(), "h");
}

TEST(UrlTest, AlwaysHasATarget) {
  EXPECT_EQ(parse_url("http://h")->target, "/");
  EXPECT_EQ(parse_url("http://h?x=1")->target, "/?x=1");
}

TEST(UrlTest, TakesIpv6InBrackets) {
  const Result<Url> url = parse_url("http://[::1]:5319/x");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 5319);
  EXPECT_EQ(url->authority(), "[::1]:5319");
}

class BadUrlTest : public testing::TestWithParam<std::string> {};

TEST_P(BadUrlTest, IsRefusedAsUsage) {
  const Result<Url> url = parse_url(GetParam());
  ASSERT_FALSE(url.has_value());
  EXPECT_EQ(url.error().code, FailureCode::usage);
}

INSTANTIATE_TEST_SUITE_P(All, BadUrlTest,
                         testing::Values("", "host", "//host", "ftp://h", "http://", "http:///x",
                                         "http://u:p@h", "http://h#f", "http://h/#f", "http://h/a b",
                                         "http://h\r\nX: y", "http://h:", "http://h:0", "http://h:65536",
                                         "http://h:-1", "http://h:80x", "http://[::1", "http://[::1]x",
                                         "http://[h]", "http://a,b", "http://h\xc3\xa9/"));

TEST(UrlTest, AnErrorQuotesNeitherPasswordNorQuery) {
  EXPECT_EQ(parse_url("http://me:secret@h/").error().what.find("secret"), std::string::npos);
  EXPECT_EQ(parse_url("wss://h/?token=secret value").error().what.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace ferry::net
