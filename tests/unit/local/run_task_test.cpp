#include "local/api/run_task.hpp"

#include "local/api/input.hpp"
#include "local/api/task_operations.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/task_document.hpp"
#include "tasks_test_support.hpp"

#include <utility>

#include <fmt/format.h>

namespace ferry::local {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class RunTaskTest : public TasksWorld {
 protected:
  RunTaskTest() {
    add(run_task_operations(documents, engine));
    add(task_operations(documents, engine, std::string(kTestRegion)));
  }

  net::Task<> definitions() {
    co_await must("RegisterTaskDefinition", R"({"family": "app", "containerDefinitions":
        [{"name": "app", "image": "one", "command": ["serve"], "memory": 64}],
        "tags": [{"key": "team", "value": "a"}]})");
    co_await must("RegisterTaskDefinition", R"({"family": "far", "networkMode": "awsvpc", "cpu": "256",
        "memory": "512", "requiresCompatibilities": ["FARGATE"],
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "containerDefinitions": [{"name": "app", "image": "one", "command": ["serve"]}]})");
  }
  net::Task<> refused(std::string input, std::string type, std::string message) {
    const ServiceError error = co_await must_refuse("RunTask", input);
    EXPECT_EQ(error.type, type) << input;
    EXPECT_THAT(error.message, HasSubstr(message)) << input;
    EXPECT_EQ(error.status, 400);
    EXPECT_THAT(documents.list(kTaskKind), SizeIs(0)) << "a refused call left a task";
  }
  net::Task<> lists(std::string input, std::size_t count) {
    const json::object listed = co_await must("ListTasks", input);
    EXPECT_EQ(list_of(listed, "taskArns").size(), count) << input;
  }
};

json::object first_task(const json::object& answer) {
  return list_of(answer, "tasks").at(0).as_object();
}

constexpr std::string_view kFargate =
    R"("networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}, "launchType": "FARGATE")";

TEST_F(RunTaskTest, AnswersWithTheTasksThatItStarts) {
  play([this]() -> net::Task<> {
    co_await definitions();
    const json::object answer = co_await must(
        "RunTask", fmt::format(R"({{"taskDefinition": "far", "count": 2, "startedBy": "me", "tags":
                                    [{{"key": "k", "value": "v"}}], "enableExecuteCommand": true, {}}})",
                               kFargate));
    EXPECT_THAT(list_of(answer, "failures"), SizeIs(0));
    EXPECT_THAT(list_of(answer, "tasks"), SizeIs(2));
    const json::object task = first_task(answer);
    EXPECT_EQ(text_of(task, "lastStatus"), "PROVISIONING");
    EXPECT_EQ(text_of(task, "desiredStatus"), "RUNNING");
    EXPECT_EQ(text_of(task, "launchType"), "FARGATE");
    EXPECT_EQ(text_of(task, "platformVersion"), "1.4.0");
    EXPECT_EQ(text_of(task, "cpu"), "256");
    EXPECT_EQ(text_of(task, "group"), "family:far");
    EXPECT_EQ(text_of(task, "startedBy"), "me");
    EXPECT_TRUE(flag_of(task, "enableExecuteCommand"));
    EXPECT_THAT(text_of(task, "taskArn"), StartsWith("arn:aws:ecs:us-east-1:123456789012:task/default/"));
    const json::object attachment = list_of(task, "attachments").at(0).as_object();
    EXPECT_EQ(text_of(attachment, "type"), "ElasticNetworkInterface");
    EXPECT_EQ(list_of(attachment, "details").at(0).at("value"), "subnet-1");
  });
}

TEST_F(RunTaskTest, OverridesAreShownAndChangeTheSizes) {
  play([this]() -> net::Task<> {
    co_await definitions();
    const json::object answer =
        co_await must("RunTask", R"({"taskDefinition": "app", "overrides": {"cpu": "512",
        "containerOverrides": [{"name": "app", "command": ["job"], "cpu": 10, "memory": 128}]}})");
    const json::object task = first_task(answer);
    EXPECT_EQ(text_of(task, "cpu"), "512");
    const json::object container = list_of(task, "containers").at(0).as_object();
    EXPECT_EQ(text_of(container, "cpu"), "10");
    EXPECT_EQ(text_of(container, "memory"), "128");
    const json::object& overrides = structure_of(task, "overrides");
    EXPECT_EQ(list_of(overrides, "containerOverrides").at(0).at("command").at(0), "job");
  });
}

TEST_F(RunTaskTest, RefusesInTheServicesWords) {
  play([this]() -> net::Task<> {
    co_await definitions();
    co_await refused("{}", "InvalidParameterException", "TaskDefinition can not be blank.");
    co_await refused(R"({"taskDefinition": "nope"})", "ClientException", "TaskDefinition not found.");
    co_await refused(R"({"taskDefinition": "app", "cluster": "nope"})", "ClusterNotFoundException",
                     "Cluster not found.");
    co_await refused(R"({"taskDefinition": "app", "count": 11})", "InvalidParameterException", "count");
    co_await refused(R"({"taskDefinition": "app", "count": 0})", "InvalidParameterException", "count");
    co_await refused(R"({"taskDefinition": "far", "launchType": "FARGATE"})", "InvalidParameterException",
                     "Network Configuration must be provided when networkMode 'awsvpc' is specified.");
    co_await refused(R"({"taskDefinition": "app", "launchType": "FARGATE"})", "InvalidParameterException",
                     "Task definition does not support launch_type FARGATE.");
    co_await refused(fmt::format(R"({{"taskDefinition": "far", "platformVersion": "9.9.9", {}}})", kFargate),
                     "PlatformUnknownException", "The specified platform does not exist.");
    co_await refused(fmt::format(R"({{"taskDefinition": "far", "platformVersion": "1.3.0",
                                      "enableExecuteCommand": true, {}}})",
                                 kFargate),
                     "PlatformTaskDefinitionIncompatibilityException",
                     "One or more of the requested capabilities are not supported.");
    co_await refused(R"({"taskDefinition": "app", "overrides": {"containerOverrides": [{"name": "X"}]}})",
                     "InvalidParameterException",
                     "Override for container named X is not a container in the TaskDefinition.");
    co_await refused(R"({"taskDefinition": "app", "enableExecuteCommand": true})",
                     "InvalidParameterException",
                     "The execute command failed because a valid task role is not being used.");
    co_await refused(R"({"taskDefinition": "app", "launchType": "EC2",
                         "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]})",
                     "InvalidParameterException",
                     "Specifying both a launch type and capacity provider strategy is not supported.");
    co_await refused(R"({"taskDefinition": "app", "count": "two"})", "SerializationException",
                     "can not be converted");
    const std::string long_command(8200, 'x');
    co_await refused(fmt::format(R"({{"taskDefinition": "app", "overrides": {{"containerOverrides":
                                      [{{"name": "app", "command": ["{}"]}}]}}}})",
                                 long_command),
                     "InvalidParameterException", "Container Overrides length must be at most 8192");
    co_await refused(fmt::format(R"({{"taskDefinition": "app", "startedBy": "{}"}})", std::string(129, 'x')),
                     "InvalidParameterException", "startedBy");
    co_await must("DeregisterTaskDefinition", R"({"taskDefinition": "app:1"})");
    co_await refused(R"({"taskDefinition": "app:1"})", "InvalidParameterException",
                     "TaskDefinition is inactive");
  });
}

TEST_F(RunTaskTest, ARepeatedClientTokenStartsNothingNew) {
  play([this]() -> net::Task<> {
    co_await definitions();
    const std::string input = R"({"taskDefinition": "app", "clientToken": "t1"})";
    const json::object first = co_await must("RunTask", input);
    const json::object again = co_await must("RunTask", input);
    EXPECT_EQ(first_task(first).at("taskArn"), first_task(again).at("taskArn"));
    EXPECT_THAT(documents.list(kTaskKind), SizeIs(1));
    const ServiceError conflict =
        co_await must_refuse("RunTask", R"({"taskDefinition": "app", "clientToken": "t1", "count": 2})");
    EXPECT_EQ(conflict.type, "ConflictException");
    EXPECT_EQ(conflict.extra.at("resourceIds").at(0), first_task(first).at("taskArn"));
    co_await must("RunTask", R"({"taskDefinition": "app", "clientToken": "t2"})");
    EXPECT_THAT(documents.list(kTaskKind), SizeIs(2));
  });
}

TEST_F(RunTaskTest, TagsOfTheDefinitionArePropagatedWhereAsked) {
  play([this]() -> net::Task<> {
    co_await definitions();
    const json::object plain = co_await must("RunTask", R"({"taskDefinition": "app"})");
    EXPECT_THAT(list_of(first_task(plain), "tags"), SizeIs(0));
    const json::object tagged =
        co_await must("RunTask", R"({"taskDefinition": "app", "propagateTags": "TASK_DEFINITION"})");
    EXPECT_EQ(list_of(first_task(tagged), "tags").at(0).at("key"), "team");
    const std::string arn = text_of(first_task(tagged), "taskArn");
    const json::object without = co_await must("DescribeTasks", fmt::format(R"({{"tasks": ["{}"]}})", arn));
    EXPECT_THAT(list_of(first_task(without), "tags"), SizeIs(0));
    const json::object with =
        co_await must("DescribeTasks", fmt::format(R"({{"tasks": ["{}"], "include": ["TAGS"]}})", arn));
    EXPECT_THAT(list_of(first_task(with), "tags"), SizeIs(1));
  });
}

TEST_F(RunTaskTest, DescribesByIdAndByArnAndNamesWhatIsMissing) {
  play([this]() -> net::Task<> {
    co_await definitions();
    const json::object answer = co_await must("RunTask", R"({"taskDefinition": "app"})");
    const std::string arn = text_of(first_task(answer), "taskArn");
    const std::string missing(32, '0');
    const json::object described = co_await must(
        "DescribeTasks",
        fmt::format(R"({{"tasks": ["{}", "{}", "{}"]}})", arn, arn.substr(arn.rfind('/') + 1), missing));
    EXPECT_THAT(list_of(described, "tasks"), SizeIs(2));
    EXPECT_EQ(list_of(described, "failures").at(0).at("reason"), "MISSING");
    EXPECT_EQ(text_of(list_of(described, "failures").at(0).as_object(), "arn"),
              "arn:aws:ecs:us-east-1:123456789012:task/default/" + missing);
    const ServiceError none = co_await must_refuse("DescribeTasks", "{}");
    EXPECT_EQ(none.message, "Tasks cannot be empty.");
  });
}

TEST_F(RunTaskTest, ListsByWhatItIsAskedFor) {
  play([this]() -> net::Task<> {
    co_await definitions();
    const json::object one =
        co_await must("RunTask", R"({"taskDefinition": "app", "startedBy": "me", "count": 3})");
    const std::string arn = text_of(first_task(one), "taskArn");
    co_await must("RunTask", fmt::format(R"({{"taskDefinition": "far", {}}})", kFargate));
    co_await must("StopTask", fmt::format(R"({{"task": "{}", "reason": "enough"}})", arn));

    co_await lists("{}", 3);
    co_await lists(R"({"startedBy": "me"})", 2);
    co_await lists(R"({"family": "far"})", 1);
    co_await lists(R"({"launchType": "EC2"})", 2);
    co_await lists(R"({"desiredStatus": "STOPPED"})", 1);
    co_await lists(R"({"desiredStatus": "PENDING"})", 0);
    const ServiceError two_filters =
        co_await must_refuse("ListTasks", R"({"startedBy": "me", "family": "app"})");
    EXPECT_EQ(two_filters.type, "InvalidParameterException");
    const ServiceError no_service = co_await must_refuse("ListTasks", R"({"serviceName": "nope"})");
    EXPECT_EQ(no_service.type, "ServiceNotFoundException");

    const json::object page = co_await must("ListTasks", R"({"maxResults": 2})");
    EXPECT_THAT(list_of(page, "taskArns"), SizeIs(2));
    co_await lists(fmt::format(R"({{"nextToken": "{}"}})", text_of(page, "nextToken")), 1);
  });
}

TEST_F(RunTaskTest, StopTaskKeepsTheCallersReason) {
  play([this]() -> net::Task<> {
    co_await definitions();
    const json::object answer = co_await must("RunTask", R"({"taskDefinition": "app"})");
    const std::string arn = text_of(first_task(answer), "taskArn");
    co_await when(arn, "RUNNING");
    const json::object stopping =
        co_await must("StopTask", fmt::format(R"({{"task": "{}", "reason": "enough"}})", arn));
    EXPECT_EQ(text_of(structure_of(stopping, "task"), "desiredStatus"), "STOPPED");
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_EQ(text_of(dead, "stopCode"), "UserInitiated");
    EXPECT_EQ(text_of(dead, "stoppedReason"), "enough");
    const ServiceError unknown =
        co_await must_refuse("StopTask", fmt::format(R"({{"task": "{}"}})", std::string(32, '0')));
    EXPECT_EQ(unknown.message, "The referenced task was not found.");
  });
}

}  // namespace
}  // namespace ferry::local
