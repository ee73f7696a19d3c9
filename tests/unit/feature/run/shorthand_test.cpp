#include "feature/run/shorthand.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

struct Case {
  std::string shorthand;
  std::string json;
};

// The meaning of each is what the AWS CLI makes of it (`--generate-cli-skeleton` aside, its shorthand
// grammar).
TEST(Shorthand, Reads) {
  const Case cases[] = {
      {"a=b", R"({"a":"b"})"},
      {"a=b,c=d", R"({"a":"b","c":"d"})"},
      {"a=", R"({"a":""})"},
      {"a=x,y,z", R"({"a":["x","y","z"]})"},
      {"a=x,y,b=z", R"({"a":["x","y"],"b":"z"})"},
      {"a=[x,y]", R"({"a":["x","y"]})"},
      {"a=[]", R"({"a":[]})"},
      {"a=[x]", R"({"a":["x"]})"},
      {"a={}", R"({"a":{}})"},
      {"a={b=c,d=[e,f]},g=h", R"({"a":{"b":"c","d":["e","f"]},"g":"h"})"},
      {"a=[{b=c},{b=d}]", R"({"a":[{"b":"c"},{"b":"d"}]})"},
      {"a={b={c={d=e}}}", R"({"a":{"b":{"c":{"d":"e"}}}})"},
      {"a='x,y',b=\"z=1,w\"", R"({"a":"x,y","b":"z=1,w"})"},
      {R"(a="say \"hi\" \\ x\n")", R"({"a":"say \"hi\" \\ x\\n"})"},
      {"a = b ", R"({"a":"b"})"},
      {" a=b", ""},
      {"a= b , c=d", R"({"a":"b","c":"d"})"},
      {"a={ b = c }", R"({"a":{"b":"c"}})"},
      {"a=b,,c=d", R"({"a":"b","c":"d"})"},
      {"a=[b,],c={d=e,}", R"({"a":["b"],"c":{"d":"e"}})"},
      {"a=[,]", R"({"a":[""]})"},
      {"a={b=c,b=d}", R"({"a":{"b":"d"}})"},
      {R"(a=x\,y)", R"({"a":"x,y"})"},
      {R"(a='x\')", R"({"a":"x\\"})"},
      {"a={ b=c , d=[ e , f ] }", R"({"a":{"b":"c","d":["e","f"]}})"},
      {"key-1.x_y/z#=v=w", R"({"key-1.x_y/z#":"v=w"})"},
      {"awsvpcConfiguration={subnets=[subnet-1,subnet-2],securityGroups=[sg-1],assignPublicIp=ENABLED}",
       R"({"awsvpcConfiguration":{"subnets":["subnet-1","subnet-2"],"securityGroups":["sg-1"],"assignPublicIp":"ENABLED"}})"},
  };
  for (const Case& each : cases) {
    const Result<json::object> read = parse_shorthand(each.shorthand);
    if (each.json.empty()) {
      EXPECT_FALSE(read.has_value()) << each.shorthand;
      continue;
    }
    ASSERT_TRUE(read.has_value()) << each.shorthand << ": " << read.error().what;
    EXPECT_EQ(json::value(*read), json::parse(each.json))
        << each.shorthand << " -> " << json::serialize(*read);
  }
}

TEST(Shorthand, Refuses) {
  for (const std::string text : {"", "a", "=b", "a=b,", "a={b=c", "a=[b", "a={b=c}}", "a=[b]]", "a='b",
                                 "a=\"b", "a=b,a=c", "a={b=x,y}", "a='b'c", "a={b}", "ä=b", "a@=b"}) {
    const Result<json::object> read = parse_shorthand(text);
    ASSERT_FALSE(read.has_value()) << text << " -> " << json::serialize(*read);
    EXPECT_EQ(read.error().code, FailureCode::usage) << text;
    EXPECT_EQ(read.error().what.find('\n'), std::string::npos);
  }
}

TEST(Shorthand, SaysWhereItIsWrong) {
  EXPECT_EQ(parse_shorthand("a={b=c").error().what,
            "shorthand: expected ',' or '}' but found the end at character 7");
}

TEST(Shorthand, IsBounded) {
  EXPECT_FALSE(parse_shorthand("a=" + std::string(std::size_t{64} << 10U, 'x')).has_value());
  EXPECT_FALSE(parse_shorthand("a=" + std::string(10'000, '[')).has_value());
  std::string braces;
  for (int level = 0; level < 5'000; ++level) braces += "a={";
  EXPECT_FALSE(parse_shorthand(braces).has_value());
}

}  // namespace
}  // namespace ferry::feature
