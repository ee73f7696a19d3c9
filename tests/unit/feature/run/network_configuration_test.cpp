#include "feature/run/network_configuration.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

TEST(NetworkConfiguration, ShorthandAndJsonMeanTheSame) {
  const std::string as_json =
      R"({"awsvpcConfiguration":{"subnets":["a","b"],"securityGroups":["c"],"assignPublicIp":"ENABLED"}})";
  const auto from_json = parse_network_configuration("\n " + as_json + "\n");
  const auto from_shorthand = parse_network_configuration(
      "awsvpcConfiguration={subnets=[a,b],securityGroups=[c],assignPublicIp=ENABLED}");
  ASSERT_TRUE(from_json.has_value());
  ASSERT_TRUE(from_shorthand.has_value());
  EXPECT_EQ(json::value(*from_json), json::parse(as_json));
  EXPECT_EQ(*from_json, *from_shorthand);
}

TEST(NetworkConfiguration, ASingleNameIsAListOfOne) {
  const auto read = parse_network_configuration("awsvpcConfiguration={subnets=a}");
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_EQ(json::value(*read), json::parse(R"({"awsvpcConfiguration":{"subnets":["a"]}})"));
}

TEST(NetworkConfiguration, RefusesWithOneLine) {
  for (const std::string text :
       {"", "{", "[]", "{}", "subnets=[a]", "awsvpcConfiguration=a", "awsvpcConfiguration={}",
        "awsvpcConfiguration={subnets=[]}", "awsvpcConfiguration={securityGroups=[a]}",
        "awsvpcConfiguration={subnets=[a],assignPublicIp=yes}",
        "awsvpcConfiguration={subnets=[a],subnet=[b]}", "awsvpcConfiguration={subnets=[a]},other=b",
        R"({"awsvpcConfiguration":{"subnets":[1]}})", R"({"awsvpcConfiguration":{"subnets":{"a":1}}})",
        R"({"awsvpcConfiguration":{"subnets":[""]}})",
        R"({"awsvpcConfiguration":{"subnets":["a"],"assignPublicIp":true}})"}) {
    const auto read = parse_network_configuration(text);
    ASSERT_FALSE(read.has_value()) << text << " -> " << json::serialize(*read);
    EXPECT_EQ(read.error().code, FailureCode::usage);
    EXPECT_TRUE(read.error().what.starts_with("--network-configuration: ")) << read.error().what;
    EXPECT_FALSE(read.error().hint.empty());
  }
}

}  // namespace
}  // namespace ferry::feature
