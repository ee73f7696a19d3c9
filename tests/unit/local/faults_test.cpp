#include "local/door/faults.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace ferry::local {
namespace {

using ::testing::HasSubstr;

Result<> replace(Faults& faults, std::string_view input) {
  return faults.replace(boost::json::parse(input).as_object(),
                        [](std::string_view name) { return name == "RunTask" || name == "ListTasks"; });
}

std::string error_of(Faults& faults, std::string_view operation) {
  const auto verdict = faults.decide(operation);
  return verdict.error ? verdict.error->type : std::string();
}

TEST(Faults, AreNoneWithoutRules) {
  Faults faults;
  EXPECT_EQ(error_of(faults, "RunTask"), "");
}

TEST(Faults, FireForTheirOperationSoManyTimes) {
  Faults faults;
  ASSERT_TRUE(replace(faults, R"({"rules":[{"operation":"RunTask","error":"BlockedException","message":"no",
                                            "times":2}]})"));
  EXPECT_EQ(error_of(faults, "ListTasks"), "");
  const auto verdict = faults.decide("RunTask");
  ASSERT_TRUE(verdict.error);
  EXPECT_EQ(verdict.error->message, "no");
  EXPECT_EQ(verdict.error->status, 400);
  EXPECT_EQ(error_of(faults, "RunTask"), "BlockedException");
  EXPECT_EQ(error_of(faults, "RunTask"), "");
}

TEST(Faults, OfTheServerHaveItsStatus) {
  Faults faults;
  ASSERT_TRUE(replace(faults, R"({"rules":[{"operation":"*","error":"ServerException"}]})"));
  EXPECT_EQ(faults.decide("ListTasks").error->status, 500);
}

TEST(Faults, DelaysAddUpUntilTheFirstError) {
  Faults faults;
  ASSERT_TRUE(replace(faults, R"({"rules":[{"operation":"*","delay_ms":10},
                                           {"operation":"RunTask","error":"E","delay_ms":5},
                                           {"operation":"*","delay_ms":100}]})"));
  EXPECT_EQ(faults.decide("RunTask").delay, milliseconds(15));
  const auto other = faults.decide("ListTasks");
  EXPECT_EQ(other.delay, milliseconds(110));
  EXPECT_FALSE(other.error);
}

TEST(Faults, TheSameSeedGivesTheSameFaults) {
  const auto pattern = [](std::string_view seed) {
    Faults faults;
    EXPECT_TRUE(replace(
        faults, std::string(R"({"rules":[{"operation":"RunTask","error":"E","probability":0.5}],"seed":)") +
                    std::string(seed) + "}"));
    std::string fired;
    for (int i = 0; i < 200; ++i) fired += error_of(faults, "RunTask").empty() ? '.' : '!';
    return fired;
  };
  EXPECT_EQ(pattern("7"), pattern("7"));
  EXPECT_NE(pattern("7"), pattern("8"));
  const std::string fired = pattern("7");
  const auto count = std::ranges::count(fired, '!');
  EXPECT_GT(count, 60);
  EXPECT_LT(count, 140);
}

TEST(Faults, ProbabilityZeroNeverFires) {
  Faults faults;
  ASSERT_TRUE(replace(faults, R"({"rules":[{"operation":"RunTask","error":"E","probability":0}]})"));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(error_of(faults, "RunTask"), "");
}

TEST(Faults, OfTasksFitTheirCapacity) {
  Faults faults;
  ASSERT_TRUE(replace(faults, R"({"rules":[
      {"task":"spot_interruption","delay_ms":40,"capacity_provider":"FARGATE_SPOT","times":1},
      {"failure":"RESOURCE:CPU","capacity_provider":"EC2","times":1}]})"));
  EXPECT_EQ(faults.decide_task("FARGATE").kind, TaskFate::Kind::none);
  const TaskFate fate = faults.decide_task("FARGATE_SPOT");
  EXPECT_EQ(fate.kind, TaskFate::Kind::spot_interruption);
  EXPECT_EQ(fate.delay, milliseconds(40));
  EXPECT_EQ(faults.decide_task("FARGATE_SPOT").kind, TaskFate::Kind::none);
  EXPECT_FALSE(faults.decide_run("FARGATE"));
  EXPECT_EQ(faults.decide_run("EC2")->reason, "RESOURCE:CPU");
  EXPECT_FALSE(faults.decide_run("EC2"));
}

TEST(Faults, HideTasksByAgeOrByTimes) {
  Faults faults;
  ASSERT_TRUE(replace(faults, R"({"rules":[{"task":"missing","delay_ms":100}]})"));
  EXPECT_TRUE(faults.decide_missing(milliseconds(99)));
  EXPECT_FALSE(faults.decide_missing(milliseconds(100)));
  ASSERT_TRUE(replace(faults, R"({"rules":[{"task":"missing","times":1}]})"));
  EXPECT_TRUE(faults.decide_missing(milliseconds(99'999)));
  EXPECT_FALSE(faults.decide_missing(milliseconds(0)));
}

TEST(Faults, OfLinesAndStreamsAreIndependent) {
  Faults faults;
  ASSERT_TRUE(replace(faults, R"({"rules":[{"log":"late","delay_ms":5,"times":1},{"log":"doubled","times":2},
                                           {"log":"late_stream","delay_ms":7},{"log":"repeated","times":1}]})"));
  const LineFate both = faults.decide_line();
  EXPECT_EQ(both.delay, milliseconds(5));
  EXPECT_TRUE(both.is_doubled);
  const LineFate doubled = faults.decide_line();
  EXPECT_EQ(doubled.delay, milliseconds(0));
  EXPECT_TRUE(doubled.is_doubled);
  EXPECT_FALSE(faults.decide_line().is_doubled);
  EXPECT_EQ(faults.decide_stream(), milliseconds(7));
  EXPECT_TRUE(faults.decide_repeated());
  EXPECT_FALSE(faults.decide_repeated());
}

struct BadRules {
  std::string_view input, says;
};

void PrintTo(const BadRules& one, std::ostream* out) {
  *out << one.input;
}
class FaultsRefuse : public ::testing::TestWithParam<BadRules> {};

TEST_P(FaultsRefuse, AndKeepTheOldRules) {
  Faults faults;
  ASSERT_TRUE(replace(faults, R"({"rules":[{"operation":"RunTask","error":"Old"}]})"));
  const auto replaced = replace(faults, GetParam().input);
  ASSERT_FALSE(replaced);
  EXPECT_THAT(replaced.error().line(), HasSubstr(GetParam().says));
  EXPECT_EQ(error_of(faults, "RunTask"), "Old");
}

INSTANTIATE_TEST_SUITE_P(
    Rules, FaultsRefuse,
    ::testing::Values(
        BadRules{R"({})", "\"rules\" must be a list"},
        BadRules{R"({"rules":{}})", "\"rules\" must be a list"},
        BadRules{R"({"rules":[],"sed":1})", "no member \"sed\""},
        BadRules{R"({"rules":[],"seed":"x"})", "\"seed\" must be an integer"},
        BadRules{R"({"rules":[5]})", "rule 1: a rule must be a JSON object"},
        BadRules{R"({"rules":[{"error":"E"}]})", "\"operation\" is missing"},
        BadRules{R"({"rules":[{"operation":"RunTusk","error":"E"}]})", "no operation RunTusk"},
        BadRules{R"({"rules":[{"operation":"RunTask","error":"E"},{"operation":"RunTask","error":7}]})",
                 "rule 2: \"error\" must be a string"},
        BadRules{R"({"rules":[{"operation":"RunTask"}]})", "neither \"error\" nor \"delay_ms\""},
        BadRules{R"({"rules":[{"operation":"RunTask","error":"E","times":0}]})", "\"times\" must be"},
        BadRules{R"({"rules":[{"operation":"RunTask","error":"E","probability":1.5}]})", "\"probability\""},
        BadRules{R"({"rules":[{"operation":"RunTask","delay_ms":-1}]})", "\"delay_ms\" must be"},
        BadRules{R"({"rules":[{"task":"explodes"}]})", "\"task\" must be"},
        BadRules{R"({"rules":[{"log":"late"}]})", "\"delay_ms\" goes with"},
        BadRules{R"({"rules":[{"log":"lost"}]})", "\"log\" must be"},
        BadRules{R"({"rules":[{"failure":"RESOURCE:CPU","delay_ms":1}]})", "no member \"delay_ms\""},
        BadRules{R"({"rules":[{"operation":"RunTask","error":"E","probabilty":1}]})",
                 "no member \"probabilty\""}));

}  // namespace
}  // namespace ferry::local
