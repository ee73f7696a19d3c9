#include "local/tasks/service_scheduler.hpp"

#include "local/api/input.hpp"
#include "local/api/run_task.hpp"
#include "local/api/service_operations.hpp"
#include "local/api/task_operations.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/task_document.hpp"
#include "tasks_test_support.hpp"

#include <set>
#include <utility>

namespace ferry::local {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

constexpr std::string_view kTaskDefinition =
    R"({"family": "app", "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "containerDefinitions": [{"name": "app", "image": "one", "command": ["serve"], "memory": 64}]})";
constexpr std::string_view kTwoTasks =
    R"({"serviceName": "web", "taskDefinition": "app", "desiredCount": 2})";

class ServiceSchedulerTest : public TasksWorld {
 protected:
  ServiceSchedulerTest() : scheduler(loop, documents, engine) {
    add(run_task_operations(documents, engine));
    add(task_operations(documents, engine, std::string(kTestRegion)));
    add(service_operations(documents, scheduler, std::string(kTestRegion)));
    engine.recover();
    scheduler.start();
  }
  net::Task<> before_end() override { co_await scheduler.shut_down(); }

  [[nodiscard]] json::object service() const {
    return documents.get(kServiceKind, "arn:aws:ecs:us-east-1:123456789012:service/default/web")
        .value_or(json::object());
  }
  [[nodiscard]] std::vector<json::object> living_tasks() const {
    std::vector<json::object> living;
    for (json::object& one : documents.list(kTaskKind)) {
      if (is_wanted(one)) living.push_back(std::move(one));
    }
    return living;
  }
  [[nodiscard]] std::set<std::string> living_arns() const {
    std::set<std::string> arns;
    for (const json::object& one : living_tasks()) arns.insert(text_of(one, "taskArn"));
    return arns;
  }
  // What the waiter "services stable" of the SDKs looks at.
  net::Task<> stable(std::int64_t running) {
    const bool came = co_await until([&] {
      const json::object now = service();
      return list_of(now, "deployments").size() == 1 && integer_of(now, "runningCount", -1) == running &&
             integer_of(now, "desiredCount", -1) == running && integer_of(now, "pendingCount", -1) == 0;
    });
    EXPECT_TRUE(came) << json::serialize(service());
  }
  net::Task<> two_tasks_of_web() {
    co_await must("RegisterTaskDefinition", std::string(kTaskDefinition));
    co_await must("CreateService", std::string(kTwoTasks));
    co_await stable(2);
  }
  [[nodiscard]] std::vector<std::string> events() const {
    std::vector<std::string> messages;
    for (const json::value& event : list_of(service(), "events")) {
      messages.push_back(text_of(event.as_object(), "message"));
    }
    return messages;
  }

  ServiceScheduler scheduler;
};

TEST_F(ServiceSchedulerTest, StartsTheDesiredCount) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    for (const json::object& one : living_tasks()) {
      EXPECT_EQ(text_of(one, "group"), "service:web");
      EXPECT_THAT(text_of(one, "startedBy"), MatchesRegex("ecs-svc/[0-9]{19}"));
    }
    const json::object primary = list_of(service(), "deployments").at(0).as_object();
    EXPECT_EQ(text_of(primary, "status"), "PRIMARY");
    EXPECT_EQ(text_of(primary, "rolloutState"), "COMPLETED");
    EXPECT_THAT(events(), Contains("(service web) has reached a steady state."));
    EXPECT_THAT(events(), Contains(HasSubstr("has started 2 tasks: (task ")));
  });
}

TEST_F(ServiceSchedulerTest, ReplacesATaskThatEnded) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    const std::set<std::string> before = living_arns();
    runtime.running("one")->exit(137);
    const bool replaced =
        co_await until([&] { return living_arns() != before && living_arns().size() == 2; });
    EXPECT_TRUE(replaced);
    co_await stable(2);
    EXPECT_EQ(integer_of(list_of(service(), "deployments").at(0).as_object(), "failedTasks", -1), 1);
  });
}

TEST_F(ServiceSchedulerTest, ReplacesATaskThatSomebodyStopped) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    const std::string victim = *living_arns().begin();
    engine.stop(victim, "UserInitiated", "test");
    const bool replaced =
        co_await until([&] { return !living_arns().contains(victim) && living_arns().size() == 2; });
    EXPECT_TRUE(replaced);
    co_await stable(2);
  });
}

TEST_F(ServiceSchedulerTest, ScalesUpAndDown) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    co_await must("UpdateService", R"({"service": "web", "desiredCount": 3})");
    co_await stable(3);
    co_await must("UpdateService", R"({"service": "web", "desiredCount": 1})");
    co_await stable(1);
    const bool stopped = co_await until([&] { return runtime.signals.size() == 2; });
    EXPECT_TRUE(stopped);
    for (const json::object& one : documents.list(kTaskKind)) {
      if (is_wanted(one)) continue;
      EXPECT_EQ(text_of(one, "stopCode"), "ServiceSchedulerInitiated");
      EXPECT_THAT(text_of(one, "stoppedReason"),
                  MatchesRegex("Scaling activity initiated by \\(deployment ecs-svc/[0-9]{19}\\)"));
    }
  });
}

TEST_F(ServiceSchedulerTest, ANewDefinitionReplacesTheTasks) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    const std::set<std::string> before = living_arns();
    co_await must("RegisterTaskDefinition", std::string(kTaskDefinition));
    const json::object answer =
        co_await must("UpdateService", R"({"service": "web", "taskDefinition": "app"})");
    EXPECT_THAT(list_of(structure_of(answer, "service"), "deployments"), SizeIs(2));
    co_await stable(2);
    for (const json::object& one : living_tasks()) {
      EXPECT_FALSE(before.contains(text_of(one, "taskArn")));
      EXPECT_THAT(text_of(one, "taskDefinitionArn"), HasSubstr("task-definition/app:2"));
    }
  });
}

TEST_F(ServiceSchedulerTest, OldTasksStayUntilTheNewOnesRun) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    const std::set<std::string> before = living_arns();
    runtime.refusals["one"] =
        Failure{.code = FailureCode::not_found, .what = "no such command", .hint = {}, .service_code = {}};
    co_await must("UpdateService", R"({"service": "web", "forceNewDeployment": true})");
    const bool has_failed = co_await until([&] { return runtime.started.size() >= 4; });
    EXPECT_TRUE(has_failed);
    for (const std::string& arn : before) EXPECT_TRUE(is_wanted(task(arn)));
    runtime.refusals.clear();
    co_await stable(2);
    for (const std::string& arn : before) EXPECT_FALSE(is_wanted(task(arn)));
  });
}

TEST_F(ServiceSchedulerTest, SwitchingExecOnReplacesTheTasks) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    for (const json::object& one : living_tasks()) EXPECT_FALSE(flag_of(one, "enableExecuteCommand"));
    co_await must("UpdateService", R"({"service": "web", "enableExecuteCommand": true})");
    co_await stable(2);
    for (const json::object& one : living_tasks()) EXPECT_TRUE(flag_of(one, "enableExecuteCommand"));
    // Once more changes nothing, and starts nothing.
    const std::set<std::string> before = living_arns();
    const json::object answer =
        co_await must("UpdateService", R"({"service": "web", "enableExecuteCommand": true})");
    EXPECT_THAT(list_of(structure_of(answer, "service"), "deployments"), SizeIs(1));
    EXPECT_EQ(living_arns(), before);
  });
}

TEST_F(ServiceSchedulerTest, ACrashingServiceIsHeldBack) {
  play([this]() -> net::Task<> {
    runtime.refusals["one"] =
        Failure{.code = FailureCode::not_found, .what = "no such command", .hint = {}, .service_code = {}};
    co_await must("RegisterTaskDefinition", std::string(kTaskDefinition));
    co_await must("CreateService", R"({"serviceName": "web", "taskDefinition": "app", "desiredCount": 1})");
    const bool is_said = co_await until([&] {
      return std::ranges::any_of(events(), [](const std::string& one) {
        return one == "(service web) is unable to consistently start tasks successfully.";
      });
    });
    EXPECT_TRUE(is_said);
    EXPECT_EQ(runtime.started.size(), 4U);
    runtime.refusals.clear();
    co_await stable(1);
    EXPECT_EQ(integer_of(list_of(service(), "deployments").at(0).as_object(), "failedTasks", -1), 4);
  });
}

TEST_F(ServiceSchedulerTest, DeletingDrainsAndThenIsInactive) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    const ServiceError refusal = co_await must_refuse("DeleteService", R"({"service": "web"})");
    EXPECT_EQ(refusal.type, "InvalidParameterException");
    EXPECT_EQ(refusal.message, "The service cannot be stopped while it is scaled above 0.");
    const json::object answer = co_await must("DeleteService", R"({"service": "web", "force": true})");
    EXPECT_EQ(text_of(structure_of(answer, "service"), "status"), "DRAINING");
    const bool gone = co_await until([&] { return text_of(service(), "status") == "INACTIVE"; });
    EXPECT_TRUE(gone);
    EXPECT_THAT(living_arns(), SizeIs(0));
    const json::object described = co_await must("DescribeServices", R"({"services": ["web"]})");
    EXPECT_EQ(text_of(list_of(described, "services").at(0).as_object(), "status"), "INACTIVE");
    const json::object listed = co_await must("ListServices", "{}");
    EXPECT_THAT(list_of(listed, "serviceArns"), SizeIs(0));
    const ServiceError inactive =
        co_await must_refuse("UpdateService", R"({"service": "web", "desiredCount": 1})");
    EXPECT_EQ(inactive.type, "ServiceNotActiveException");
    // The name is free again.
    co_await must("CreateService", std::string(kTwoTasks));
    co_await stable(2);
  });
}

TEST_F(ServiceSchedulerTest, ServicesStartTheirTasksAgainAfterARestart) {
  play([this]() -> net::Task<> {
    co_await two_tasks_of_web();
    co_await scheduler.pause();
    co_await engine.stop_all();
    EXPECT_THAT(living_arns(), SizeIs(0));
    scheduler.start();
    co_await stable(2);
  });
}

TEST_F(ServiceSchedulerTest, TheServicesWordsForWhatItRefuses) {
  play([this]() -> net::Task<> {
    co_await must("RegisterTaskDefinition", R"({"family": "bare", "containerDefinitions":
                    [{"name": "app", "image": "one", "command": ["serve"], "memory": 64}]})");
    const ServiceError no_role =
        co_await must_refuse("CreateService", R"({"serviceName": "web", "taskDefinition": "bare",
                                                  "desiredCount": 1, "enableExecuteCommand": true})");
    EXPECT_EQ(no_role.type, "InvalidParameterException");
    EXPECT_EQ(
        no_role.message,
        "The service couldn't be created because a valid taskRoleArn is not being used. Specify a valid task "
        "role in your task definition and try again.");
    const ServiceError unknown =
        co_await must_refuse("UpdateService", R"({"service": "nope", "desiredCount": 1})");
    EXPECT_EQ(unknown.type, "ServiceNotFoundException");
    const ServiceError no_definition = co_await must_refuse(
        "CreateService", R"({"serviceName": "web", "taskDefinition": "x", "desiredCount": 1})");
    EXPECT_EQ(no_definition.type, "ClientException");
    EXPECT_EQ(no_definition.message, "TaskDefinition not found.");
    co_await must("CreateService", R"({"serviceName": "web", "taskDefinition": "bare", "desiredCount": 0})");
    const ServiceError twice = co_await must_refuse(
        "CreateService", R"({"serviceName": "web", "taskDefinition": "bare", "desiredCount": 1})");
    EXPECT_EQ(twice.message, "Creation of service was not idempotent.");
    const json::object described = co_await must("DescribeServices", R"({"services": ["web", "nope"]})");
    EXPECT_THAT(list_of(described, "services"), SizeIs(1));
    EXPECT_EQ(list_of(described, "failures").at(0).at("reason"), "MISSING");
  });
}

}  // namespace
}  // namespace ferry::local
