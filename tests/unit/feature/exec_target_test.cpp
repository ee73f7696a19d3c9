#include "feature/exec_target.hpp"

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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

std::string chosen(const Target& target, const std::vector<aws::ecs::Task>& tasks,
                   const std::string& container = {}) {
  const Result<ExecPlace> place = choose_place(target, tasks, container);
  if (!place) return place.error().line();
  return place->task.substr(place->task.rfind('/') + 1) + " " + place->container;
}

TEST(ChoosePlace, TakesTheNewestRunningTaskOfAService) {
  EXPECT_EQ(chosen(service_target(), {task_named("a", 1), task_named("b", 3), task_named("c", 2)}), "b app");
  EXPECT_EQ(chosen(service_target(), {task_named("a", 1), task_named("b", 9, "PENDING")}), "a app");
}

TEST(ChoosePlace, PrefersATaskWhoseAgentRuns) {
  aws::ecs::Task newer = task_named("b", 3);
  newer.containers = {container_named("app", "PENDING")};
  EXPECT_EQ(chosen(service_target(), {task_named("a", 1), newer}), "a app");
  EXPECT_EQ(chosen(service_target(), {newer}), "b app");
}

TEST(ChoosePlace, SaysThatATaskIsStillStarting) {
  EXPECT_THAT(
      chosen(service_target(), {task_named("a", 0, "PENDING")}),
      AllOf(HasSubstr("PENDING"), HasSubstr("still starting"), HasSubstr("service web in cluster prod")));
}

TEST(ChoosePlace, SaysWhyATaskStopped) {
  aws::ecs::Task task = task_named("abc", 1, "STOPPED");
  task.desired_status = "STOPPED";
  task.stopped_reason = "Essential container in task exited";
  EXPECT_THAT(chosen(task_target("abc"), {task}),
              AllOf(HasSubstr("STOPPED"), HasSubstr("Essential container")));
}

TEST(ChoosePlace, SaysThatThereIsNothing) {
  EXPECT_EQ(choose_place(service_target(), {}, "").error().code, FailureCode::not_found);
  EXPECT_THAT(chosen(task_target("abc"), {}), HasSubstr("there is no task abc in cluster prod"));
}

TEST(ChoosePlace, ListsTheTasksOfAnAmbiguousPrefix) {
  const Result<ExecPlace> place =
      choose_place(task_target("ab"), {task_named("abc", 1), task_named("abd", 2)}, "");
  EXPECT_EQ(place.error().code, FailureCode::ambiguous);
  EXPECT_THAT(place.error().what, AllOf(HasSubstr("abc"), HasSubstr("abd")));
}

TEST(ChoosePlace, AsksForTheContainerWhereThereAreSeveral) {
  aws::ecs::Task task = task_named("a", 1);
  task.containers.push_back(container_named("proxy"));
  EXPECT_THAT(chosen(service_target(), {task}), AllOf(HasSubstr("app, proxy"), HasSubstr("--container")));
  EXPECT_EQ(chosen(service_target(), {task}, "proxy"), "a proxy");
  EXPECT_THAT(chosen(service_target(), {task}, "prox"),
              AllOf(HasSubstr("no container 'prox'"), HasSubstr("app, proxy")));
}

TEST(ChoosePlace, TellsHowToEnableExecuteCommand) {
  aws::ecs::Task task = task_named("a", 1);
  task.enable_execute_command = false;
  EXPECT_THAT(chosen(service_target(), {task}), HasSubstr("--enable-execute-command"));
}

}  // namespace
}  // namespace ferry::feature
