#include "feature/exec_target.hpp"

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Target service_target() {
  return Target{.kind = Target::Kind::service, .name = "web", .cluster = "prod", .region = {}};
}
Target task_target(std::string prefix) {
  return Target{.kind = Target::Kind::task, .name = std::move(prefix), .cluster = "prod", .region = {}};
}

aws::ecs::Container container_named(std::string name, std::string agent_status = "RUNNING") {
  aws::ecs::Container container;
  container.name = std::move(name);
  container.managed_agents.push_back(
      {.name = "ExecuteCommandAgent", .last_status = std::move(agent_status), .reason = {}});
  return container;
}

aws::ecs::Task task_named(const std::string& id, double started_at, std::string status = "RUNNING") {
  aws::ecs::Task task;
  task.arn = "arn:aws:ecs:us-east-1:123456789012:task/prod/" + id;
  task.last_status = std::move(status);
  task.desired_status = "RUNNING";
  task.started_at = started_at;
  task.enable_execute_command = true;
  task.containers = {container_named("app")};
  return task;
}

std::string judged(const Target& target, const std::vector<aws::ecs::Task>& tasks,
                   const std::string& container = {}, const aws::ecs::TaskDefinition* definition = nullptr) {
  const Readiness readiness = judge_readiness(target, tasks, container, definition);
  switch (readiness.kind) {
    case Readiness::Kind::ready:
      return readiness.place.task.substr(readiness.place.task.rfind('/') + 1) + " " +
             readiness.place.container;
    case Readiness::Kind::not_yet:
      return "not yet: " + readiness.failure.line();
    case Readiness::Kind::needs_definition:
      return "definition: " + readiness.task_definition;
    case Readiness::Kind::never:
      break;
  }
  return "never: " + readiness.failure.line();
}

TEST(JudgeReadiness, TakesTheNewestRunningTaskOfAService) {
  EXPECT_EQ(judged(service_target(), {task_named("a", 1), task_named("b", 3), task_named("c", 2)}), "b app");
  EXPECT_EQ(judged(service_target(), {task_named("a", 1), task_named("b", 9, "PENDING")}), "a app");
}

TEST(JudgeReadiness, PrefersATaskWhoseAgentRuns) {
  aws::ecs::Task newer = task_named("b", 3);
  newer.containers = {container_named("app", "PENDING")};
  EXPECT_EQ(judged(service_target(), {task_named("a", 1), newer}), "a app");
}

TEST(JudgeReadiness, WaitsForAnAgentThatIsStillStarting) {
  aws::ecs::Task task = task_named("b", 3);
  task.containers = {container_named("app", "PENDING")};
  EXPECT_THAT(judged(service_target(), {task}), AllOf(StartsWith("not yet: "), HasSubstr("is pending")));
  task.containers.front().managed_agents.clear();
  EXPECT_THAT(judged(service_target(), {task}), StartsWith("not yet: "));
}

TEST(JudgeReadiness, DoesNotWaitForAnAgentThatHasStopped) {
  aws::ecs::Task task = task_named("b", 3);
  task.containers = {container_named("app", "STOPPED")};
  task.containers.front().managed_agents.front().reason = "out of disk";
  EXPECT_THAT(judged(service_target(), {task}),
              AllOf(StartsWith("never: "), HasSubstr("out of disk"), HasSubstr("ferry doctor prod/web")));
}

TEST(JudgeReadiness, WaitsForATaskThatIsStillStarting) {
  EXPECT_THAT(judged(service_target(), {task_named("a", 0, "PENDING")}),
              AllOf(StartsWith("not yet: "), HasSubstr("PENDING"), HasSubstr("service web in cluster prod")));
}

TEST(JudgeReadiness, SaysWhyATaskStopped) {
  aws::ecs::Task task = task_named("abc", 1, "STOPPED");
  task.desired_status = "STOPPED";
  task.stopped_reason = "Essential container in task exited";
  EXPECT_THAT(judged(task_target("abc"), {task}),
              AllOf(StartsWith("never: "), HasSubstr("STOPPED"), HasSubstr("Essential container")));
}

TEST(JudgeReadiness, SaysThatThereIsNothing) {
  EXPECT_EQ(judge_readiness(service_target(), {}, "").failure.code, FailureCode::not_found);
  EXPECT_THAT(judged(task_target("abc"), {}), HasSubstr("there is no task abc in cluster prod"));
}

TEST(JudgeReadiness, ListsTheTasksOfAnAmbiguousPrefix) {
  const Readiness readiness =
      judge_readiness(task_target("ab"), {task_named("abc", 1), task_named("abd", 2)}, "");
  EXPECT_EQ(readiness.kind, Readiness::Kind::never);
  EXPECT_EQ(readiness.failure.code, FailureCode::ambiguous);
  EXPECT_THAT(readiness.failure.what, AllOf(HasSubstr("abc"), HasSubstr("abd")));
}

TEST(JudgeReadiness, PassesOverWhatAwsPutIntoTheTask) {
  aws::ecs::Task task = task_named("a", 1);
  task.containers.push_back(container_named("aws-guardduty-agent-x1"));
  task.containers.back().managed_agents.clear();
  EXPECT_EQ(judged(service_target(), {task}), "a app");
  const Readiness readiness = judge_readiness(service_target(), {task}, "");
  EXPECT_THAT(readiness.choice, AllOf(HasSubstr("container app"), HasSubstr("aws-guardduty-agent-x1")));
}

TEST(JudgeReadiness, AsksForTheDefinitionWhereNamesDoNotTell) {
  aws::ecs::Task task = task_named("a", 1);
  task.task_definition_arn = "web:7";
  task.containers.push_back(container_named("metrics"));
  EXPECT_EQ(judged(service_target(), {task}), "definition: web:7");
  aws::ecs::TaskDefinition definition;
  definition.containers.resize(2);
  definition.containers[0].name = "app";
  definition.containers[1].name = "metrics";
  definition.containers[1].essential = false;
  EXPECT_EQ(judged(service_target(), {task}, "", &definition), "a app");
}

TEST(JudgeReadiness, AsksForTheContainerWhereSeveralMayBeMeant) {
  aws::ecs::Task task = task_named("a", 1);
  task.containers.push_back(container_named("proxy"));
  const aws::ecs::TaskDefinition unreadable;
  EXPECT_THAT(judged(service_target(), {task}, "", &unreadable),
              AllOf(StartsWith("never: "), HasSubstr("app, proxy"), HasSubstr("--container")));
  EXPECT_EQ(judged(service_target(), {task}, "proxy"), "a proxy");
  EXPECT_THAT(judged(service_target(), {task}, "prox"),
              AllOf(StartsWith("never: "), HasSubstr("no container 'prox'"), HasSubstr("app, proxy")));
}

TEST(JudgeReadiness, TellsHowToEnableExecuteCommand) {
  aws::ecs::Task task = task_named("a", 1);
  task.enable_execute_command = false;
  EXPECT_THAT(judged(service_target(), {task}),
              AllOf(StartsWith("never: "), HasSubstr("ferry enable-exec prod/web")));
  EXPECT_THAT(judged(task_target("a"), {task}), HasSubstr("--enable-execute-command"));
}

TEST(JudgeEmptyService, WaitsOnlyForAServiceThatWantsTasks) {
  aws::ecs::ServiceState service;
  service.status = "ACTIVE";
  service.desired_count = 1;
  EXPECT_EQ(judge_empty_service(service_target(), service).kind, Readiness::Kind::not_yet);
  service.desired_count = 0;
  EXPECT_EQ(judge_empty_service(service_target(), service).kind, Readiness::Kind::never);
  service.desired_count = 1;
  service.status = "INACTIVE";
  EXPECT_EQ(judge_empty_service(service_target(), service).kind, Readiness::Kind::never);
}

}  // namespace
}  // namespace ferry::feature
