#include "feature/overrides.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

json::object object(std::string_view text) {
  return json::parse(text).as_object();
}

TEST(Overrides, NothingSaidChangesNothing) {
  const auto merged = merge_overrides({}, "app", {});
  ASSERT_TRUE(merged.has_value());
  EXPECT_TRUE(merged->empty());
  const json::object given = object(R"({"cpu":"512","containerOverrides":[{"name":"x","command":["a"]}]})");
  EXPECT_EQ(merge_overrides(given, "app", {}), given);
}

TEST(Overrides, FlagsBecomeTheContainersOverride) {
  ContainerChange change;
  change.command = {"./job", "--all"};
  change.environment = {{"A", "1"}, {"B", ""}};
  change.cpu = 1024;
  change.memory_mib = 2048;
  const auto merged = merge_overrides({}, "app", change);
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(*merged, object(R"({"containerOverrides":[{"name":"app","command":["./job","--all"],
    "environment":[{"name":"A","value":"1"},{"name":"B","value":""}],"cpu":1024,"memory":2048}]})"));
}

TEST(Overrides, FlagsWinAndTheRestStays) {
  const json::object given = object(R"({"taskRoleArn":"arn:role","containerOverrides":[
    {"name":"side","command":["s"]},
    {"name":"app","command":["old"],"cpu":1,"memoryReservation":64,
     "environment":[{"name":"A","value":"old"},{"name":"C","value":"kept"}]}]})");
  ContainerChange change;
  change.command = {"new"};
  change.environment = {{"A", "new"}, {"B", "added"}, {"B", "last"}};
  const auto merged = merge_overrides(given, "app", change);
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(*merged, object(R"({"taskRoleArn":"arn:role","containerOverrides":[
    {"name":"side","command":["s"]},
    {"name":"app","command":["new"],"cpu":1,"memoryReservation":64,
     "environment":[{"name":"A","value":"new"},{"name":"C","value":"kept"},{"name":"B","value":"last"}]}]})"));
}

TEST(Overrides, TooLongIsRefusedBeforeTheCall) {
  ContainerChange change;
  change.command = {std::string(8'100, 'x')};
  EXPECT_TRUE(merge_overrides({}, "app", change).has_value());
  change.command = {std::string(8'192, 'x')};
  const auto merged = merge_overrides({}, "app", change);
  ASSERT_FALSE(merged.has_value());
  EXPECT_NE(merged.error().what.find("8192"), std::string::npos) << merged.error().what;
}

TEST(Overrides, ParseRefusesWhatCannotBeMerged) {
  for (const std::string_view text :
       {"", "{", "[]", "\"a\"", R"({"containerOverrides":{}})", R"({"containerOverrides":[1]})",
        R"({"containerOverrides":[{"command":["a"]}]})", R"({"containerOverrides":[{"name":""}]})",
        R"({"containerOverrides":[{"name":1}]})", R"({"containerOverrides":[{"name":"a"},{"name":"a"}]})",
        R"({"containerOverrides":[{"name":"a","environment":{"A":"1"}}]})"}) {
    const auto parsed = parse_overrides(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_TRUE(parsed.error().what.starts_with("--overrides: ")) << parsed.error().what;
  }
  EXPECT_TRUE(parse_overrides("{}").has_value());
}

TEST(Overrides, NamesInTheirOrder) {
  const json::object given = object(R"({"containerOverrides":[{"name":"b"},{"name":"a"}]})");
  EXPECT_EQ(overridden_containers(given), (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(overridden_containers({}).empty());
}

}  // namespace
}  // namespace ferry::feature
