#include "local/api/input.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/task_document.hpp"
#include "tasks_test_support.hpp"

#include <utility>

namespace ferry::local {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class TaskEngineTest : public TasksWorld {
 protected:
  // A task of those container definitions; its ARN.
  std::string launch(std::string_view containers, json::object overrides = {}, bool exec = false) {
    TaskOrder order;
    order.cluster_arn = "arn:aws:ecs:us-east-1:123456789012:cluster/default";
    order.task_definition = {
        {"taskDefinitionArn", "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1"},
        {"family", "app"},
        {"containerDefinitions", json::parse(containers)}};
    order.overrides = std::move(overrides);
    order.launch_type = "FARGATE";
    order.group = "family:app";
    order.enable_execute_command = exec;
    json::object task = new_task(order, net::wall_now());
    std::string arn = text_of(task, "taskArn");
    engine.launch(std::move(task), order.task_definition);
    return arn;
  }

  net::Task<FakeContainer*> running(std::string image) {
    const bool came = co_await until([&] { return runtime.running(image) != nullptr; });
    EXPECT_TRUE(came) << image << " does not run";
    co_return runtime.running(image);
  }

  std::vector<std::string> log_lines(std::string_view group, std::string_view stream) {
    std::vector<std::string> lines;
    LogQuestion question;
    question.streams = {std::string(stream)};
    for (LogRecord& record : logs.read(group, question)) lines.push_back(std::move(record.event.message));
    return lines;
  }
};

constexpr std::string_view kOne = R"([{"name": "app", "image": "one", "command": ["serve"]}])";

json::object container_in(const json::object& task, std::string_view name) {
  const json::object* container = named(list_of(task, "containers"), name);
  return container == nullptr ? json::object() : *container;
}

TEST_F(TaskEngineTest, ATaskLivesAndEndsWithItsContainersCode) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(kOne);
    EXPECT_EQ(task(arn)["lastStatus"], "PROVISIONING");
    FakeContainer* container = co_await running("one");
    const json::object alive = co_await when(arn, "RUNNING");
    EXPECT_EQ(text_of(alive, "desiredStatus"), "RUNNING");
    EXPECT_EQ(text_of(container_in(alive, "app"), "lastStatus"), "RUNNING");
    const std::string id = arn.substr(arn.rfind('/') + 1);
    EXPECT_THAT(text_of(container_in(alive, "app"), "runtimeId"), MatchesRegex(id + "-[0-9]{10}"));
    EXPECT_FALSE(container_in(alive, "app").contains("exitCode"));

    container->exit(3);
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_EQ(text_of(dead, "desiredStatus"), "STOPPED");
    EXPECT_EQ(text_of(dead, "stopCode"), "EssentialContainerExited");
    EXPECT_EQ(text_of(dead, "stoppedReason"), "Essential container in task exited");
    EXPECT_EQ(integer_of(container_in(dead, "app"), "exitCode", -1), 3);
    double before = 0;
    for (const char* moment : {"createdAt", "pullStartedAt", "pullStoppedAt", "startedAt",
                               "executionStoppedAt", "stoppingAt", "stoppedAt"}) {
      EXPECT_GE(seconds_in(dead, moment), before) << moment;
      before = seconds_in(dead, moment);
    }
    EXPECT_GT(before, 1.6e9);
    EXPECT_GT(integer_of(dead, "version", 0), integer_of(alive, "version", 0));
  });
}

TEST_F(TaskEngineTest, StoppingSignalsTermAndKillsWhoDoesNotHeedIt) {
  play([this]() -> net::Task<> {
    runtime.heeds_sigterm = false;
    const std::string arn =
        launch(R"([{"name": "app", "image": "one", "command": ["x"], "stopTimeout": 0}])");
    co_await when(arn, "RUNNING");
    engine.stop(arn, "UserInitiated", "enough");
    EXPECT_EQ(task(arn)["desiredStatus"], "STOPPED");
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_THAT(runtime.signals, ElementsAre("one TERM", "one KILL"));
    EXPECT_EQ(text_of(dead, "stopCode"), "UserInitiated");
    EXPECT_EQ(text_of(dead, "stoppedReason"), "enough");
    EXPECT_EQ(integer_of(container_in(dead, "app"), "exitCode", -1), 137);
  });
}

TEST_F(TaskEngineTest, TheFirstReasonToStopStands) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(kOne);
    co_await when(arn, "RUNNING");
    engine.stop(arn, "UserInitiated", "first");
    engine.stop(arn, "UserInitiated", "second");
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_EQ(text_of(dead, "stoppedReason"), "first");
  });
}

TEST_F(TaskEngineTest, ATaskStoppedBeforeItStartedNeverRuns) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(kOne);
    engine.stop(arn, "UserInitiated", "changed my mind");
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_THAT(runtime.started, IsEmpty());
    EXPECT_FALSE(dead.contains("startedAt"));
    EXPECT_FALSE(container_in(dead, "app").contains("exitCode"));
  });
}

TEST_F(TaskEngineTest, ACommandThatCannotBeStartedFailsTheTask) {
  play([this]() -> net::Task<> {
    runtime.refusals["one"] = Failure{.code = FailureCode::not_found,
                                      .what = "CannotStartContainerError: exec: \"serve\": not found",
                                      .hint = {},
                                      .service_code = {}};
    const json::object dead = co_await when(launch(kOne), "STOPPED");
    EXPECT_EQ(text_of(dead, "stopCode"), "TaskFailedToStart");
    EXPECT_EQ(text_of(dead, "stoppedReason"), "CannotStartContainerError: exec: \"serve\": not found");
    EXPECT_EQ(text_of(container_in(dead, "app"), "reason"), text_of(dead, "stoppedReason"));
    EXPECT_FALSE(container_in(dead, "app").contains("exitCode"));
  });
}

TEST_F(TaskEngineTest, SecretsAreRefusedWithAReason) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(
        R"([{"name": "app", "image": "one", "command": ["x"], "secrets": [{"name": "S", "valueFrom": "arn:x"}]}])");
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_EQ(text_of(dead, "stopCode"), "TaskFailedToStart");
    EXPECT_THAT(text_of(dead, "stoppedReason"), StartsWith("ResourceInitializationError: "));
  });
}

TEST_F(TaskEngineTest, EnvironmentAndCommandComeFromDefinitionAndOverrides) {
  play([this]() -> net::Task<> {
    const json::object overrides = parse_object(
        R"({"containerOverrides": [{"name": "app", "command": ["other", "arg"],
             "environment": [{"name": "B", "value": "override"}, {"name": "C", "value": "3"}]}]})");
    const std::string arn = launch(
        R"([{"name": "app", "image": "one", "entryPoint": ["/entry"], "command": ["default"],
             "workingDirectory": "/srv", "readonlyRootFilesystem": true,
             "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "definition"}]}])",
        overrides);
    co_await when(arn, "RUNNING");
    const ContainerSpec& spec = runtime.started.at(0);
    EXPECT_THAT(spec.command, ElementsAre("/entry", "other", "arg"));
    EXPECT_EQ(spec.environment.at("A"), "1");
    EXPECT_EQ(spec.environment.at("B"), "override");
    EXPECT_EQ(spec.environment.at("C"), "3");
    EXPECT_EQ(spec.environment.at("AWS_REGION"), "us-east-1");
    EXPECT_EQ(spec.environment.at("AWS_EXECUTION_ENV"), "AWS_ECS_FARGATE");
    EXPECT_EQ(spec.working_directory, "/srv");
    EXPECT_TRUE(spec.read_only_root);
  });
}

TEST_F(TaskEngineTest, ANonEssentialContainerMayEnd) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(
        R"([{"name": "app", "image": "one", "command": ["x"]},
            {"name": "side", "image": "two", "command": ["y"], "essential": false}])");
    co_await when(arn, "RUNNING");
    runtime.running("two")->exit(1);
    const bool ended =
        co_await until([&] { return container_in(task(arn), "side")["lastStatus"] == "STOPPED"; });
    EXPECT_TRUE(ended);
    EXPECT_EQ(task(arn)["lastStatus"], "RUNNING");
    runtime.running("one")->exit(0);
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_EQ(integer_of(container_in(dead, "side"), "exitCode", -1), 1);
    EXPECT_EQ(integer_of(container_in(dead, "app"), "exitCode", -1), 0);
  });
}

TEST_F(TaskEngineTest, AnEssentialContainersEndStopsTheOthers) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(
        R"([{"name": "app", "image": "one", "command": ["x"]}, {"name": "side", "image": "two", "command": ["y"]}])");
    co_await when(arn, "RUNNING");
    runtime.running("one")->exit(7);
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_THAT(runtime.signals, ElementsAre("two TERM"));
    EXPECT_EQ(integer_of(container_in(dead, "side"), "exitCode", -1), 143);
  });
}

constexpr std::string_view kAfterInit =
    R"([{"name": "app", "image": "one", "command": ["x"],
         "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]},
        {"name": "init", "image": "init", "command": ["y"], "essential": false}])";

TEST_F(TaskEngineTest, ADependencyThatSucceedsLetsTheNextStart) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(kAfterInit);
    FakeContainer* init = co_await running("init");
    EXPECT_EQ(runtime.running("one"), nullptr);
    EXPECT_EQ(task(arn)["lastStatus"], "PENDING");
    init->exit(0);
    co_await when(arn, "RUNNING");
    EXPECT_NE(runtime.running("one"), nullptr);
  });
}

TEST_F(TaskEngineTest, ADependencyThatFailsFailsTheTask) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(kAfterInit);
    FakeContainer* init = co_await running("init");
    init->exit(1);
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_EQ(text_of(dead, "stopCode"), "TaskFailedToStart");
    EXPECT_EQ(runtime.started.size(), 1U);
    EXPECT_EQ(text_of(container_in(dead, "app"), "reason"),
              "container 'init', on whose success it depends, exited with 1");
  });
}

TEST_F(TaskEngineTest, WhatDependsOnAContainerStopsBeforeIt) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(
        R"([{"name": "db", "image": "db", "command": ["x"]},
            {"name": "app", "image": "one", "command": ["y"],
             "dependsOn": [{"containerName": "db", "condition": "START"}]}])");
    co_await when(arn, "RUNNING");
    engine.stop(arn, "UserInitiated", "");
    co_await when(arn, "STOPPED");
    EXPECT_THAT(runtime.signals, ElementsAre("one TERM", "db TERM"));
  });
}

TEST_F(TaskEngineTest, CircularDependenciesAreNamed) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(
        R"([{"name": "a", "image": "a", "command": ["x"], "dependsOn": [{"containerName": "b", "condition": "START"}]},
            {"name": "b", "image": "b", "command": ["x"],
             "dependsOn": [{"containerName": "a", "condition": "START"}]}])");
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_THAT(text_of(dead, "stoppedReason"), HasSubstr("circular"));
  });
}

constexpr std::string_view kLogged =
    R"([{"name": "app", "image": "one", "command": ["x"],
         "logConfiguration": {"logDriver": "awslogs",
                              "options": {"awslogs-group": "/ecs/app", "awslogs-stream-prefix": "pre"}}}])";

TEST_F(TaskEngineTest, OutputBecomesLogEventsBeforeTheTaskIsStopped) {
  play([this]() -> net::Task<> {
    logs.create_group("/ecs/app", 1);
    const std::string arn = launch(kLogged);
    const std::string stream = "pre/app/" + arn.substr(arn.rfind('/') + 1);
    FakeContainer* container = co_await running("one");
    container->write("hello\nwor");
    const bool is_live = co_await until([&] { return log_lines("/ecs/app", stream).size() == 1; });
    EXPECT_TRUE(is_live);
    container->write("ld\nlast words");
    container->exit(0);
    co_await when(arn, "STOPPED");
    EXPECT_THAT(log_lines("/ecs/app", stream), ElementsAre("hello", "world", "last words"));
  });
}

TEST_F(TaskEngineTest, StandardErrorIsLoggedToo) {
  play([this]() -> net::Task<> {
    logs.create_group("/ecs/app", 1);
    const std::string arn = launch(kLogged);
    const std::string stream = "pre/app/" + arn.substr(arn.rfind('/') + 1);
    FakeContainer* container = co_await running("one");
    container->write_error("trouble\n");
    co_await until([&] { return log_lines("/ecs/app", stream).size() == 1; });
    container->write("fine\n");
    container->exit(0);
    co_await when(arn, "STOPPED");
    EXPECT_THAT(log_lines("/ecs/app", stream), ElementsAre("trouble", "fine"));
  });
}

TEST_F(TaskEngineTest, AMissingLogGroupFailsTheTask) {
  play([this]() -> net::Task<> {
    const json::object dead = co_await when(launch(kLogged), "STOPPED");
    EXPECT_EQ(text_of(dead, "stopCode"), "TaskFailedToStart");
    EXPECT_THAT(text_of(dead, "stoppedReason"), StartsWith("ResourceInitializationError: "));
    EXPECT_THAT(text_of(dead, "stoppedReason"), HasSubstr("The specified log group does not exist."));
    EXPECT_THAT(runtime.started, IsEmpty());
  });
}

TEST_F(TaskEngineTest, TheLogGroupIsMadeWhereTheDefinitionSaysSo) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(
        R"([{"name": "app", "image": "one", "command": ["x"], "logConfiguration": {"logDriver": "awslogs",
             "options": {"awslogs-group": "/new", "awslogs-create-group": "true"}}}])");
    FakeContainer* container = co_await running("one");
    container->write("line\n");
    container->exit(0);
    const json::object dead = co_await when(arn, "STOPPED");
    // Without a prefix the stream has the container's own name.
    EXPECT_THAT(log_lines("/new", text_of(container_in(dead, "app"), "runtimeId")), ElementsAre("line"));
  });
}

TEST_F(TaskEngineTest, OutputWithoutALogIsDrained) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(kOne);
    FakeContainer* container = co_await running("one");
    for (int i = 0; i < 40; ++i) {
      container->write(std::string(30'000, 'x'));  // more than a pipe holds: somebody must read it
      const bool is_read = co_await until([&] { return container->unread() == 0; });
      EXPECT_TRUE(is_read);
    }
    container->exit(0);
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_EQ(integer_of(container_in(dead, "app"), "exitCode", -1), 0);
  });
}

TEST_F(TaskEngineTest, TheExecAgentIsShownWhereExecIsOn) {
  play([this]() -> net::Task<> {
    const std::string arn = launch(kOne, {}, true);
    EXPECT_EQ(list_of(container_in(task(arn), "app"), "managedAgents").at(0).at("lastStatus"), "PENDING");
    const auto agent = [&] {
      return list_of(container_in(task(arn), "app"), "managedAgents").at(0).as_object();
    };
    const bool is_alive = co_await until([&] { return text_of(agent(), "lastStatus") == "RUNNING"; });
    EXPECT_TRUE(is_alive);
    EXPECT_EQ(text_of(agent(), "name"), "ExecuteCommandAgent");
    EXPECT_EQ(text_of(task(arn), "lastStatus"), "RUNNING");
    runtime.running("one")->exit(0);
    const json::object dead = co_await when(arn, "STOPPED");
    EXPECT_EQ(list_of(container_in(dead, "app"), "managedAgents").at(0).at("lastStatus"), "STOPPED");
  });
}

TEST_F(TaskEngineTest, TasksOfACrashBecomeStoppedAndHaveNoExitCode) {
  play([this]() -> net::Task<> {
    json::object left = {{"taskArn", "arn:aws:ecs:us-east-1:123456789012:task/default/0123456789abcdef"},
                         {"lastStatus", "RUNNING"},
                         {"desiredStatus", "RUNNING"},
                         {"attachments", json::array()},
                         {"containers", json::parse(R"([{"name": "app", "lastStatus": "RUNNING"}])")}};
    const std::string arn = text_of(left, "taskArn");
    documents.put(kTaskKind, arn, left);
    engine.recover();
    const json::object dead = task(arn);
    EXPECT_EQ(text_of(dead, "lastStatus"), "STOPPED");
    EXPECT_EQ(text_of(dead, "stopCode"), "TerminationNotice");
    EXPECT_FALSE(container_in(dead, "app").contains("exitCode"));
    co_return;
  });
}

TEST_F(TaskEngineTest, AStoppedTaskIsForgottenAfterAnHour) {
  play([this]() -> net::Task<> {
    const double now = epoch_seconds(net::wall_now());
    const auto put = [this](const std::string& arn, double stopped_at) {
      documents.put(kTaskKind, arn, {{"taskArn", arn}, {"lastStatus", "STOPPED"}, {"stoppedAt", stopped_at}});
    };
    put("old", now - 3601);
    put("fresh", now - 3000);
    engine.recover();
    const bool is_gone = co_await until([&] { return !documents.get(kTaskKind, "old"); });
    EXPECT_TRUE(is_gone);
    EXPECT_TRUE(documents.get(kTaskKind, "fresh"));
  });
}

TEST_F(TaskEngineTest, ShuttingDownKillsWhoDoesNotHeedSigterm) {
  runtime.heeds_sigterm = false;
  std::string arn;
  play([this, &arn]() -> net::Task<> {
    arn = launch(kOne);
    co_await when(arn, "RUNNING");
    co_await engine.stop_all(milliseconds(0));
    EXPECT_THAT(runtime.signals, ElementsAre("one TERM", "one KILL"));
    EXPECT_EQ(task(arn)["lastStatus"], "STOPPED");
  });
}

}  // namespace
}  // namespace ferry::local
