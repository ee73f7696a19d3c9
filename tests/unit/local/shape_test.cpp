#include "local/api/shape.hpp"

#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace ferry::local {
namespace {

constexpr std::string_view kShape = R"({
  "name": "string", "count": "integer", "at": "number", "essential": "boolean", "free": "any",
  "tags": [{"key": "string", "value": "string"}], "words": ["string"],
  "options": {"*": "string"}, "nested": {"size": "integer"}})";

Answer fit(std::string_view input) {
  return Shape(kShape).fit(boost::json::parse(input).as_object());
}

TEST(Shape, LetsFittingInputPassAsItIs) {
  const std::string_view input =
      R"({"name":"a","count":3,"at":1.5,"essential":false,"free":{"x":[1]},"tags":[{"key":"k"}],"words":["w"],)"
      R"("options":{"o":"p"},"nested":{"size":1,"newer":true},"unknown":7})";
  const auto fitting = fit(input);
  ASSERT_TRUE(fitting);
  EXPECT_EQ(*fitting, boost::json::parse(input));
}

TEST(Shape, DropsNulls) {
  const auto fitting =
      fit(R"({"name":null,"count":1,"nested":{"size":null},"tags":[{"key":"k","value":null}]})");
  ASSERT_TRUE(fitting);
  EXPECT_EQ(*fitting, boost::json::parse(R"({"count":1,"nested":{},"tags":[{"key":"k"}]})"));
}

struct Misfit {
  std::string_view input, message;
};

void PrintTo(const Misfit& one, std::ostream* out) {
  *out << one.input;
}

class ShapeRefuses : public ::testing::TestWithParam<Misfit> {};

TEST_P(ShapeRefuses, InTheServicesWordsAndNamesTheMember) {
  const auto fitting = fit(GetParam().input);
  ASSERT_FALSE(fitting);
  EXPECT_EQ(fitting.error().type, "SerializationException");
  EXPECT_EQ(fitting.error().message, GetParam().message);
  EXPECT_EQ(fitting.error().status, 400);
}

INSTANTIATE_TEST_SUITE_P(
    Types, ShapeRefuses,
    ::testing::Values(
        Misfit{R"({"name":5})", "NUMBER_VALUE can not be converted to a String (member name)"},
        Misfit{R"({"name":true})", "TRUE_VALUE can not be converted to a String (member name)"},
        Misfit{R"({"name":["a"]})", "Start of list found where not expected. (member name)"},
        Misfit{R"({"name":{}})", "Start of structure or map found where not expected. (member name)"},
        Misfit{R"({"count":"3"})", "STRING_VALUE can not be converted to an Integer (member count)"},
        Misfit{R"({"count":1.5})", "DECIMAL_VALUE can not be converted to an Integer (member count)"},
        Misfit{R"({"essential":"yes"})", "STRING_VALUE can not be converted to a Boolean (member essential)"},
        Misfit{R"({"words":"w"})", "Expected list or null (member words)"},
        Misfit{R"({"words":["w",1]})", "NUMBER_VALUE can not be converted to a String (member words[1])"},
        Misfit{R"({"tags":[{"key":1}]})",
               "NUMBER_VALUE can not be converted to a String (member tags[0].key)"},
        Misfit{R"({"tags":["k"]})", "Expected structure or map or null (member tags[0])"},
        Misfit{R"({"options":{"any":false}})",
               "FALSE_VALUE can not be converted to a String (member options.any)"},
        Misfit{R"({"nested":{"size":"1"}})",
               "STRING_VALUE can not be converted to an Integer (member nested.size)"}));

}  // namespace
}  // namespace ferry::local
