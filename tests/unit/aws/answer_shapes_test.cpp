#include "aws/answer_shapes.hpp"

#include "aws/protocol.hpp"
#include "scripted_service.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace ferry::aws {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

boost::json::object object(std::string_view text) {
  return boost::json::parse(text).as_object();
}

// What is said of an answer; nothing where it is fine.
std::string said_of(Service service, std::string_view operation, std::string_view answer) {
  const Result<> checked = check_answer(service, operation, object(answer));
  return checked ? std::string() : checked.error().what;
}

TEST(AnswerShapes, WhatIsAbsentOrNullIsFine) {
  EXPECT_EQ(said_of(Service::ecs, "ListTasks", "{}"), "");
  EXPECT_EQ(said_of(Service::ecs, "ListTasks", R"({"taskArns":null,"nextToken":null})"), "");
  EXPECT_EQ(said_of(Service::ecs, "DescribeTasks", R"({"tasks":[{"stoppedAt":null,"containers":[{}]}]})"),
            "");
}

TEST(AnswerShapes, WhatFerryDoesNotReadIsLetBe) {
  EXPECT_EQ(said_of(Service::ecs, "ListTasks", R"({"taskArns":["a"],"new":{"member":[1,null]}})"), "");
  EXPECT_EQ(said_of(Service::ecs, "CreateCapacityProvider", R"({"taskArns":5})"), "");
}

TEST(AnswerShapes, AWrongTypeIsNamedWithItsPlace) {
  EXPECT_EQ(said_of(Service::ecs, "ListTasks", R"({"taskArns":5})"),
            "ecs ListTasks: the answer has no usable taskArns: a number where a list of texts belongs");
  EXPECT_EQ(said_of(Service::ecs, "ListTasks", R"({"taskArns":["a",true]})"),
            "ecs ListTasks: the answer has no usable taskArns[1]: true or false where a text belongs");
  EXPECT_EQ(said_of(Service::ecs, "DescribeTasks", R"({"tasks":[{},{"containers":[{"exitCode":"1"}]}]})"),
            "ecs DescribeTasks: the answer has no usable tasks[1].containers[0].exitCode: a text where an "
            "integer of 32 bits belongs");
  EXPECT_THAT(said_of(Service::ecs, "RunTask", R"({"tasks":{}})"),
              HasSubstr("usable tasks: a structure where"));
}

TEST(AnswerShapes, NumbersHaveTheirRanges) {
  const auto exit_code = [](std::string_view number) {
    return said_of(Service::ecs, "DescribeTasks",
                   fmt::format(R"({{"tasks":[{{"containers":[{{"exitCode":{}}}]}}]}})", number));
  };
  EXPECT_EQ(exit_code("0"), "");
  EXPECT_EQ(exit_code("-1"), "");
  EXPECT_EQ(exit_code("2147483647"), "");
  for (const std::string number : {"2147483648", "18446744073709551615", "1.5", "0.0", "1e300"})
    EXPECT_NE(exit_code(number), "") << number;
  const auto stopped_at = [](std::string_view number) {
    return said_of(Service::ecs, "DescribeTasks", fmt::format(R"({{"tasks":[{{"stoppedAt":{}}}]}})", number));
  };
  EXPECT_EQ(stopped_at("1700000000.123"), "");
  EXPECT_EQ(stopped_at("1700000000"), "");
  for (const std::string number : {"1e300", "-1", "253402300800", R"("2026-11-27T12:00:00Z")"})
    EXPECT_NE(stopped_at(number), "") << number;
  EXPECT_NE(said_of(Service::logs, "GetLogEvents", R"({"events":[{"timestamp":"1"}]})"), "");
  EXPECT_EQ(said_of(Service::logs, "GetLogEvents", R"({"events":[{"timestamp":1700000000000}]})"), "");
}

TEST(AnswerShapes, InXmlAnEmptyElementIsAnEmptyListOrStructure) {
  EXPECT_EQ(said_of(Service::iam, "ListRolePolicies", R"({"PolicyNames":"","IsTruncated":"false"})"), "");
  EXPECT_EQ(said_of(Service::iam, "ListRolePolicies", R"({"PolicyNames":"\n  "})"), "");
  EXPECT_NE(said_of(Service::iam, "ListRolePolicies", R"({"PolicyNames":"one"})"), "");
  EXPECT_NE(said_of(Service::ecs, "ListTasks", R"({"taskArns":""})"), "");
}

TEST(AnswerShapes, ACallFailsOnceAndOnlyTheRawOneBringsSuchAnAnswer) {
  net::run([](net::Loop& loop) -> net::Task<> {
    ScriptedService scripted(loop, {answer(200, R"({"taskArns":5})"), answer(200, R"({"taskArns":5})")});
    const std::unique_ptr<Client> client = scripted.client();
    const auto checked = co_await client->call(Service::ecs, "ListTasks", {});
    EXPECT_FALSE(checked);
    if (!checked) EXPECT_EQ(checked.error().code, FailureCode::protocol);
    if (!checked) EXPECT_THAT(checked.error().what, StartsWith("ecs ListTasks: the answer has no usable"));
    EXPECT_EQ(scripted.requests().size(), 1U);
    const auto raw = co_await client->call_unchecked(Service::ecs, "ListTasks", {});
    EXPECT_EQ(raw.value_or(boost::json::object{}), object(R"({"taskArns":5})"));
    co_await scripted.stop();
  });
}

}  // namespace
}  // namespace ferry::aws
