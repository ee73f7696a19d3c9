#include "feature/run/overrides.hpp"

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
  const json::object merged = merge_overrides({}, "app", {});
  EXPECT_TRUE(merged.empty());
  const json::object given = object(R"({"cpu":"512","containerOverrides":[{"name":"x","command":["a"]}]})");
  EXPECT_EQ(merge_overrides(given, "app", {}), given);
}

TEST(Overrides, FlagsBecomeTheContainersOverride) {
  ContainerChange change;
  change.command = {"./job", "--all"};
  change.environment = {{"A", "1"}, {"B", ""}};
  change.cpu = 1024;
  change.memory_mib = 2048;
  const json::object merged = merge_overrides({}, "app", change);
  EXPECT_EQ(merged, object(R"({"containerOverrides":[{"name":"app","command":["./job","--all"],
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
  const json::object merged = merge_overrides(given, "app", change);
  EXPECT_EQ(merged, object(R"({"taskRoleArn":"arn:role","containerOverrides":[
    {"name":"side","command":["s"]},
    {"name":"app","command":["new"],"cpu":1,"memoryReservation":64,
     "environment":[{"name":"A","value":"new"},{"name":"C","value":"kept"},{"name":"B","value":"last"}]}]})"));
}

TEST(Overrides, TheTaskAsAWhole) {
  TaskChange task;
  task.cpu = "1 vCPU";
  task.memory = "2048";
  task.task_role_arn = "arn:task";
  task.execution_role_arn = "arn:execution";
  task.ephemeral_storage_gib = 50;
  EXPECT_EQ(merge_overrides(object(R"({"cpu":"256"})"), "app", {}, task),
            object(R"({"cpu":"1 vCPU","memory":"2048","taskRoleArn":"arn:task",
                       "executionRoleArn":"arn:execution","ephemeralStorage":{"sizeInGiB":50}})"));
}

TEST(Overrides, ShorthandIsReadByTheTypesOfTheMembers) {
  const Result<json::object> read = parse_overrides(
      "cpu=512,ephemeralStorage={sizeInGiB=30},"
      "containerOverrides=[{name=app,command=[echo,1],cpu=256,environment=[{name=A,value=2}]}]");
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(*read, object(R"({"cpu":"512","ephemeralStorage":{"sizeInGiB":30},"containerOverrides":[
      {"name":"app","command":["echo","1"],"cpu":256,"environment":[{"name":"A","value":"2"}]}]})"));
  const Result<json::object> single = parse_overrides("containerOverrides={name=app,command=[./job]}");
  ASSERT_TRUE(single) << single.error().line();
  EXPECT_EQ(*single, object(R"({"containerOverrides":[{"name":"app","command":["./job"]}]})"));
  EXPECT_FALSE(parse_overrides("containerOverrides=[{name=app,cpu=much}]"));
}

TEST(Overrides, ParseRefusesWhatCannotBeMerged) {
  for (const std::string_view text :
       {"", "{", "[]", "\"a\"", R"({"containerOverrides":{}})", R"({"containerOverrides":[1]})",
        R"({"containerOverrides":[{"command":["a"]}]})", R"({"containerOverrides":[{"name":""}]})",
        R"({"containerOverrides":[{"name":1}]})", R"({"containerOverrides":[{"name":"a"},{"name":"a"}]})",
        R"({"containerOverrides":[{"name":"a","environment":{"A":"1"}}]})",
        R"({"containerOverrides":[{"name":"a","environment":[{"value":"1"}]}]})"}) {
    const auto parsed = parse_overrides(std::string(text));
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_TRUE(parsed.error().what.starts_with("--overrides: ")) << parsed.error().what;
  }
  EXPECT_TRUE(parse_overrides("{}").has_value());
}

TEST(Overrides, ParseTakesEveryMemberOfTheApi) {
  const std::string_view text =
      R"({"cpu":"512","memory":"1024","executionRoleArn":"arn:e","taskRoleArn":"arn:t",
    "ephemeralStorage":{"sizeInGiB":30},
    "inferenceAcceleratorOverrides":[{"deviceName":"d","deviceType":"eia2.medium"}],
    "containerOverrides":[{"name":"app","command":["./job",""],"environment":[{"name":"A","value":""}],
      "environmentFiles":[{"value":"arn:aws:s3:::b/a.env","type":"s3"}],"cpu":256,"memory":512,
      "memoryReservation":128,"resourceRequirements":[{"value":"1","type":"GPU"}]}]})";
  EXPECT_EQ(parse_overrides(std::string(text)), object(text));
}

TEST(Overrides, ParseRefusesMembersTheServiceDoesNotKnow) {
  struct Case {
    std::string_view text, line;
  };
  for (const auto& [text, line] : {
           Case{R"({"containerOverride":[]})", "--overrides: there is no member 'containerOverride'"},
           Case{R"({"containerOverrides":[{"name":"a","comand":["x"]}]})",
                "--overrides: containerOverrides[0] has no member 'comand'"},
           Case{R"({"containerOverrides":[{"name":"a"},{"name":"b","Command":["x"]}]})",
                "--overrides: containerOverrides[1] has no member 'Command'"},
           Case{R"({"containerOverrides":[{"name":"a","environment":[{"name":"A","val":"1"}]}]})",
                "--overrides: containerOverrides[0].environment[0] has no member 'val'"},
           Case{R"({"ephemeralStorage":{"size":30}})", "--overrides: ephemeralStorage has no member 'size'"},
       }) {
    const auto parsed = parse_overrides(std::string(text));
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, FailureCode::usage);
    EXPECT_EQ(parsed.error().what, line);
    EXPECT_TRUE(parsed.error().hint.starts_with("the members are: ")) << parsed.error().hint;
  }
}

TEST(Overrides, ParseRefusesWrongTypes) {
  struct Case {
    std::string_view text, what;
  };
  for (const auto& [text, what] : {
           Case{R"({"cpu":512})", "cpu must be a string"},
           Case{R"({"taskRoleArn":null})", "taskRoleArn must be a string"},
           Case{R"({"ephemeralStorage":30})", "ephemeralStorage must be an object"},
           Case{R"({"ephemeralStorage":{"sizeInGiB":"30"}})",
                "ephemeralStorage.sizeInGiB must be a whole number"},
           Case{R"({"containerOverrides":{}})", "containerOverrides must be a list of objects"},
           Case{R"({"containerOverrides":[{"name":"a","command":"./job"}]})",
                "containerOverrides[0].command must be a list of strings"},
           Case{R"({"containerOverrides":[{"name":"a","command":["sleep",1]}]})",
                "containerOverrides[0].command must be a list of strings"},
           Case{R"({"containerOverrides":[{"name":"a","cpu":"256"}]})",
                "containerOverrides[0].cpu must be a whole number"},
           Case{R"({"containerOverrides":[{"name":"a","memory":0.5}]})",
                "containerOverrides[0].memory must be a whole number"},
           Case{R"({"containerOverrides":[{"name":"a","environment":[{"name":"A","value":1}]}]})",
                "containerOverrides[0].environment[0].value must be a string"},
       }) {
    const auto parsed = parse_overrides(std::string(text));
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, FailureCode::usage);
    EXPECT_EQ(parsed.error().what, "--overrides: " + std::string(what));
    EXPECT_TRUE(parsed.error().hint.starts_with("write ")) << parsed.error().hint;
  }
}

TEST(Overrides, NamesInTheirOrder) {
  const json::object given = object(R"({"containerOverrides":[{"name":"b"},{"name":"a"}]})");
  EXPECT_EQ(overridden_containers(given), (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(overridden_containers({}).empty());
}

}  // namespace
}  // namespace ferry::feature
