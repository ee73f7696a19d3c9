#include "feature/run/input.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

aws::ecs::ContainerDefinition container(std::string name, bool essential = true,
                                        std::string driver = "awslogs") {
  aws::ecs::ContainerDefinition definition;
  definition.name = std::move(name);
  definition.essential = essential;
  definition.log.driver = std::move(driver);
  definition.log.group = "/ecs/app";
  definition.log.region = "eu-west-1";
  definition.log.stream_prefix = "web";
  return definition;
}

aws::ecs::TaskDefinition definition_of(std::vector<aws::ecs::ContainerDefinition> containers) {
  aws::ecs::TaskDefinition definition;
  definition.family = "app";
  definition.containers = std::move(containers);
  return definition;
}

RunRequest request_for(std::string container_name = {}) {
  RunRequest request;
  request.cluster = "prod";
  request.task_definition = "app:42";
  request.container = std::move(container_name);
  return request;
}

TEST(CheckUtf8, NamesWhatRunTaskCannotCarry) {
  RunRequest good = request_for();
  good.change.command = {"echo", "h\xc3\xa9"};
  good.change.environment = {{"A", "\xe2\x82\xac"}};
  good.tags = {{"team", "\xc3\xbc"}};
  good.started_by = "ferry";
  EXPECT_TRUE(check_utf8(good).has_value());

  const auto refusal = [&good](auto spoil) {
    RunRequest request = good;
    spoil(request);
    const Result<> checked = check_utf8(request);
    return checked ? std::string() : checked.error().what;
  };
  const std::string rest = " has bytes that are not UTF-8, which RunTask cannot carry";
  EXPECT_EQ(refusal([](RunRequest& r) { r.change.command[1] = "\xff"; }), "the command" + rest);
  EXPECT_EQ(refusal([](RunRequest& r) { r.change.environment[0].first = "A\xff"; }), "--env" + rest);
  EXPECT_EQ(refusal([](RunRequest& r) { r.change.environment[0].second = "\xc3"; }), "--env" + rest);
  EXPECT_EQ(refusal([](RunRequest& r) { r.tags[0].first = "\xff"; }), "--tag" + rest);
  EXPECT_EQ(refusal([](RunRequest& r) { r.tags[0].second = "\xff"; }), "--tag" + rest);
  EXPECT_EQ(refusal([](RunRequest& r) { r.started_by = "\xed\xa0\x80"; }), "--started-by" + rest);
}

TEST(ChooseRunContainer, TheOnlyOneThenTheOnlyEssentialOneThenTheOneThatOverridesName) {
  EXPECT_EQ(choose_container(definition_of({container("a")}), request_for())->name, "a");
  EXPECT_EQ(choose_container(definition_of({container("a", false), container("b")}), request_for())->name,
            "b");
  RunRequest request = request_for();
  request.overrides = json::parse(R"({"containerOverrides":[{"name":"b"}]})").as_object();
  EXPECT_EQ(choose_container(definition_of({container("a"), container("b")}), request)->name, "b");
}

TEST(ChooseRunContainer, TheFlagDecides) {
  const aws::ecs::TaskDefinition definition = definition_of({container("a"), container("b", false)});
  EXPECT_EQ(choose_container(definition, request_for("b"))->name, "b");
  const Result<ContainerChoice> none = choose_container(definition, request_for("c"));
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, FailureCode::not_found);
  EXPECT_NE(none.error().line().find("a, b"), std::string::npos) << none.error().line();
}

TEST(ChooseRunContainer, OtherwiseTheErrorListsThem) {
  const Result<ContainerChoice> chosen =
      choose_container(definition_of({container("a"), container("b")}), request_for());
  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().code, FailureCode::ambiguous);
  EXPECT_NE(chosen.error().line().find("a, b"), std::string::npos);
  EXPECT_NE(chosen.error().line().find("--container"), std::string::npos);
}

TEST(RunTaskInput, SaysOnlyWhatWasAskedFor) {
  const json::object input = run_task_input(request_for(), {}, "app");
  EXPECT_EQ(json::value(input), json::parse(R"({"cluster":"prod","taskDefinition":"app:42"})"));
}

TEST(RunTaskInput, SaysEverythingThatWasAskedFor) {
  RunRequest request = request_for();
  request.change.command = {"./job"};
  request.structures["networkConfiguration"] = json::parse(R"({"awsvpcConfiguration":{"subnets":["s"]}})");
  request.launch_type = "FARGATE";
  request.platform_version = "1.4.0";
  request.started_by = "ci";
  request.tags = {{"team", "data"}};
  request.enable_execute_command = true;
  EXPECT_EQ(json::value(run_task_input(request, {}, "app")), json::parse(R"({
    "cluster":"prod","taskDefinition":"app:42","launchType":"FARGATE",
    "platformVersion":"1.4.0","startedBy":"ci","enableExecuteCommand":true,
    "networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"]}},
    "overrides":{"containerOverrides":[{"name":"app","command":["./job"]}]},
    "tags":[{"key":"team","value":"data"}]})"));
}

TEST(RunTaskInput, FlagsWinOverTheGivenInputAndThatOverTheService) {
  const json::object like = json::parse(R"({"cluster":"prod","taskDefinition":"web:7","launchType":"FARGATE",
    "networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"]}},"enableExecuteCommand":true})")
                                .as_object();
  RunRequest request = request_for();
  request.given_input = json::parse(R"({"count":5,"clientToken":"x","platformVersion":"1.4.0",
    "capacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT"}],"referenceId":"r",
    "overrides":{"containerOverrides":[{"name":"app","command":["old"],"cpu":5}]}})")
                            .as_object();
  request.change.command = {"new"};
  EXPECT_EQ(json::value(run_task_input(request, like, "app")), json::parse(R"({
    "cluster":"prod","taskDefinition":"app:42","platformVersion":"1.4.0","referenceId":"r","clientToken":"x",
    "capacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT"}],"enableExecuteCommand":true,
    "networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"]}},
    "overrides":{"containerOverrides":[{"name":"app","command":["new"],"cpu":5}]}})"));
}

TEST(CliInput, RefusesWhatRunTaskDoesNotHave) {
  EXPECT_TRUE(parse_cli_input(R"({"cluster":"prod","taskDefinition":"web"})"));
  EXPECT_NE(parse_cli_input(R"({"image":"x"})").error().what.find("'image'"), std::string::npos);
  EXPECT_FALSE(parse_cli_input("[]"));
  EXPECT_FALSE(parse_cli_input("{"));
  EXPECT_FALSE(parse_cli_input(R"({"overrides":{"containers":[]}})"));
}

TEST(LogSource, TheStreamsNameIsComputed) {
  const LogSource source = log_source(definition_of({container("app")}), "app", "0123abcd");
  EXPECT_EQ(source.unreadable, "");
  EXPECT_EQ(source.group, "/ecs/app");
  EXPECT_EQ(source.stream, "web/app/0123abcd");
  EXPECT_EQ(source.region, "eu-west-1");
}

TEST(LogSource, SaysWhyThereIsNone) {
  EXPECT_NE(
      log_source(definition_of({container("app", true, "splunk")}), "app", "1").unreadable.find("splunk"),
      std::string::npos);
  EXPECT_FALSE(log_source(definition_of({container("app", true, "")}), "app", "1").unreadable.empty());
  aws::ecs::ContainerDefinition no_prefix = container("app");
  no_prefix.log.stream_prefix.clear();
  EXPECT_FALSE(log_source(definition_of({no_prefix}), "app", "1").unreadable.empty());
}

}  // namespace
}  // namespace ferry::feature
