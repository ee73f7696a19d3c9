#include "local/api/input.hpp"

#include "local/api/arn.hpp"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace ferry::local {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

boost::json::object object(std::string_view text) {
  return boost::json::parse(text).as_object();
}

TEST(Input, ReadsMembersAndTheirAbsence) {
  const auto input = object(R"({"name":"a","count":3,"flag":true,"words":["x","y"],"nested":{"k":"v"}})");
  EXPECT_EQ(text_of(input, "name"), "a");
  EXPECT_EQ(text_of(input, "count"), "");
  EXPECT_EQ(find_text(input, "other"), std::nullopt);
  EXPECT_EQ(integer_of(input, "count", 7), 3);
  EXPECT_EQ(integer_of(input, "name", 7), 7);
  EXPECT_TRUE(flag_of(input, "flag"));
  EXPECT_TRUE(flag_of(input, "absent", true));
  EXPECT_THAT(texts_of(input, "words"), ElementsAre("x", "y"));
  EXPECT_EQ(text_of(structure_of(input, "nested"), "k"), "v");
  EXPECT_THAT(list_of(input, "name"), IsEmpty());
}

TEST(Paging, WalksEveryItemOnce) {
  const std::vector<std::string> items{"a", "b", "c", "d", "e"};
  boost::json::object input{{"maxResults", 2}};
  std::vector<std::string> seen;
  for (;;) {
    const auto page = page_of(items, input, 100);
    ASSERT_TRUE(page);
    ASSERT_LE(page->items.size(), 2U);
    seen.insert(seen.end(), page->items.begin(), page->items.end());
    if (!page->next_token) break;
    input["nextToken"] = *page->next_token;
  }
  EXPECT_EQ(seen, items);
}

TEST(Paging, GoesOnBehindAnItemThatIsGone) {
  const auto first = page_of({"a", "b", "c"}, object(R"({"maxResults":2})"), 100);
  ASSERT_TRUE(first);
  boost::json::object input{{"nextToken", first->next_token.value()}};
  const auto second = page_of({"a", "c", "d"}, input, 100);
  ASSERT_TRUE(second);
  EXPECT_THAT(second->items, ElementsAre("c", "d"));
  const auto descending = page_of({"d", "c", "a"}, input, 100, true);
  ASSERT_TRUE(descending);
  EXPECT_THAT(descending->items, ElementsAre("a"));
}

TEST(Paging, RefusesForeignTokensAndSizes) {
  for (const std::string_view input :
       {R"({"nextToken":"%%%"})", R"({"maxResults":0})", R"({"maxResults":101})"}) {
    const auto page = page_of({"a"}, object(input), 100);
    ASSERT_FALSE(page) << input;
    EXPECT_EQ(page.error().type, "InvalidParameterException");
  }
}

TEST(Tags, AreCheckedAsTheServiceDoes) {
  EXPECT_FALSE(wrong_tags(object(R"({"tags":[{"key":"k","value":""},{"key":"only"}]})")));
  EXPECT_FALSE(wrong_tags(object("{}")));
  EXPECT_TRUE(wrong_tags(object(R"({"tags":[{"value":"v"}]})")));
  boost::json::array many(51, boost::json::object{{"key", "k"}});
  EXPECT_TRUE(wrong_tags({{"tags", many}}));
}

TEST(Arn, IsMadeAndTakenApart) {
  EXPECT_EQ(task_arn("eu-west-1", "prod", "0123"), "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123");
  EXPECT_EQ(task_definition_arn("us-east-1", "app", 7),
            "arn:aws:ecs:us-east-1:123456789012:task-definition/app:7");
  const auto arn = parse_arn("arn:aws:logs:us-east-1:123456789012:log-group:/app:*");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->service, "logs");
  EXPECT_EQ(arn->resource, "log-group:/app:*");
  EXPECT_FALSE(parse_arn("task/prod/0123"));
}

TEST(Arn, GivesShortNames) {
  EXPECT_EQ(cluster_name_of(""), "default");
  EXPECT_EQ(cluster_name_of("prod"), "prod");
  EXPECT_EQ(cluster_name_of("arn:aws:ecs:us-east-1:123456789012:cluster/prod"), "prod");
  EXPECT_EQ(cluster_name_in("arn:aws:ecs:us-east-1:123456789012:task/prod/0123"), "prod");
  EXPECT_EQ(cluster_name_in("arn:aws:ecs:us-east-1:123456789012:cluster/prod"), "");
  EXPECT_EQ(short_name("arn:aws:ecs:us-east-1:123456789012:task-definition/app:7"), "app:7");
}

}  // namespace
}  // namespace ferry::local
