#include "local/api/text_rules.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace ferry::local {
namespace {

boost::json::object parsed(const char* text) {
  return boost::json::parse(text).as_object();
}

TEST(TextRules, NameTheMemberWithTheNul) {
  EXPECT_EQ(nul_within(parsed(R"({"a": "b", "c": [1, true, null, {"d": ""}]})")), std::nullopt);
  EXPECT_EQ(nul_within(parsed(R"({"family": "a\u0000"})")), "family must not contain a NUL character.");
  EXPECT_EQ(nul_within(parsed(R"({"containerDefinitions": [{}, {"command": ["a", "\u0000"]}]})")),
            "containerDefinitions[1].command[1] must not contain a NUL character.");
  EXPECT_EQ(nul_within(parsed(R"({"dockerLabels": {"a\u0000b": "c"}})")),
            "dockerLabels must not contain a NUL character.");
  EXPECT_EQ(nul_within(parsed(R"({"\u0000": "c"})")),
            "The name of a member must not contain a NUL character.");
}

TEST(TextRules, VariablesHaveANameWithoutAnEqualSign) {
  EXPECT_EQ(wrong_variable(parsed(R"({"name": "app", "environment": [{"name": "A", "value": "b=c"}]})")),
            std::nullopt);
  EXPECT_EQ(wrong_variable(parsed(R"({"name": "app"})")), std::nullopt);
  EXPECT_EQ(wrong_variable(parsed(R"({"name": "app", "environment": [{"value": "1"}]})")),
            "An environment variable of container app has no name.");
  EXPECT_EQ(wrong_variable(parsed(R"({"name": "app", "environment": [{"name": "A=B"}]})")),
            "The name of the environment variable 'A=B' of container app must not contain '='.");
}

}  // namespace
}  // namespace ferry::local
