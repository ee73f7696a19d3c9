#include "feature/run/explanation.hpp"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

aws::ecs::Container container(std::string name, std::optional<int> exit_code, std::string reason = {}) {
  aws::ecs::Container made;
  made.name = std::move(name);
  made.last_status = "STOPPED";
  made.exit_code = exit_code;
  made.reason = std::move(reason);
  return made;
}

aws::ecs::Task stopped_task() {
  aws::ecs::Task task;
  task.last_status = "STOPPED";
  task.stop_code = "EssentialContainerExited";
  task.stopped_reason = "Essential container in task exited";
  task.created_at = 1'700'000'000.0;
  task.pull_started_at = 1'700'000'010.5;
  task.pull_stopped_at = 1'700'000'031.0;
  task.started_at = 1'700'000'032.0;
  task.stopping_at = 1'700'000'040.0;
  task.execution_stopped_at = 1'700'000'040.0;
  task.stopped_at = 1'700'000'055.25;
  return task;
}

std::vector<std::string> steps_of(const Explanation& explanation) {
  std::vector<std::string> steps;
  for (const TimelineStep& step : explanation.timeline) steps.push_back(step.what);
  return steps;
}

TEST(Explanation, ASuccessIsCalledOne) {
  aws::ecs::Task task = stopped_task();
  task.containers = {container("app", 0)};
  const Explanation explanation = explain(task, ContainerRoles());
  EXPECT_EQ(explanation.verdict, "every container ended with exit code 0");
  EXPECT_EQ(explanation.cause, "");
  EXPECT_FALSE(explanation.retryable);
}

TEST(Explanation, TheTimelineHasEachMomentAndWhatPassedSince) {
  aws::ecs::Task task = stopped_task();
  task.containers = {container("app", 0)};
  const Explanation explanation = explain(task, ContainerRoles());
  EXPECT_THAT(steps_of(explanation), ElementsAre("asked for", "image pull began", "image pull ended",
                                                 "running", "told to stop", "containers ended", "stopped"));
  EXPECT_EQ(explanation.timeline[2].since_previous, milliseconds(20'500));
  EXPECT_EQ(explanation.timeline[6].since_previous, milliseconds(15'250));
  EXPECT_EQ(rfc3339(explanation.timeline[0].at), "2023-11-14T22:13:20.000Z");
}

TEST(Explanation, MemoryIsNamedWithWhatToDo) {
  aws::ecs::Task task = stopped_task();
  task.containers = {container("side", 0),
                     container("app", 137, "OutOfMemoryError: Container killed due to memory usage")};
  const Explanation explanation = explain(task, ContainerRoles());
  EXPECT_EQ(explanation.verdict, "container 'app' exited with 137");
  EXPECT_THAT(explanation.cause, HasSubstr("memory"));
  EXPECT_THAT(explanation.next_step, HasSubstr("--memory"));
  EXPECT_THAT(
      explanation.evidence,
      Contains("container 'app' exited with 137: OutOfMemoryError: Container killed due to memory usage"));
}

TEST(Explanation, ACodeWithoutAReasonMeansWhatItUsuallyMeans) {
  aws::ecs::Task task = stopped_task();
  task.containers = {container("app", 127)};
  EXPECT_THAT(explain(task, ContainerRoles()).cause, HasSubstr("not found"));
}

TEST(Explanation, AContainerThatNeverStartedIsToldByItsReason) {
  aws::ecs::Task task = stopped_task();
  task.stop_code = "TaskFailedToStart";
  task.started_at.reset();
  task.containers = {container("app", std::nullopt,
                               "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                               "failed to resolve ref docker.io/library/nothing:1")};
  const Explanation explanation = explain(task, ContainerRoles());
  EXPECT_EQ(explanation.verdict, "the command never ran");
  EXPECT_THAT(explanation.next_step, HasSubstr("image"));
}

TEST(Explanation, WhatIsNotKnownIsShownAsItIs) {
  aws::ecs::Task task = stopped_task();
  task.stopped_reason = "A reason that nobody has seen";
  task.stop_code = "NewCode";
  task.containers = {container("app", std::nullopt)};
  const Explanation explanation = explain(task, ContainerRoles());
  EXPECT_EQ(explanation.cause, "");
  EXPECT_THAT(explanation.evidence, Contains("stopped reason: A reason that nobody has seen"));
}

TEST(Explanation, ASpotInterruptionMayBeTriedAgain) {
  aws::ecs::Task task = stopped_task();
  task.stop_code = "SpotInterruption";
  task.stopped_reason = "Your Spot Task was interrupted.";
  task.containers = {container("app", 143)};
  EXPECT_EQ(explain(task, ContainerRoles()).retryable, true);
}

ContainerRoles roles(bool side_is_essential) {
  aws::ecs::TaskDefinition definition;
  aws::ecs::ContainerDefinition app;
  app.name = "app";
  aws::ecs::ContainerDefinition side;
  side.name = "side";
  side.essential = side_is_essential;
  definition.containers = {app, side};
  return ContainerRoles(definition);
}

TEST(Explanation, ZerosOfWhichNobodyKnowsTheOrderAreNoSuccess) {
  aws::ecs::Task task = stopped_task();
  task.containers = {container("app", 0), container("side", 0)};
  EXPECT_THAT(explain(task, roles(true)).verdict, HasSubstr("whether its work was done is not known"));
  EXPECT_EQ(explain(task, roles(false)).verdict, "every container ended with exit code 0");
  task.stop_code = "UserInitiated";
  EXPECT_THAT(explain(task, roles(false)).verdict, HasSubstr("told to stop"));
}

TEST(Explanation, ThoseThatWereToldToStopAreNotTheCause) {
  aws::ecs::Task task = stopped_task();
  task.containers = {container("side", 143), container("app", 0)};
  EXPECT_EQ(explain(task, roles(true)).verdict,
            "container 'app' ended with exit code 0, and the task with it");
  task.containers = {container("side", 143), container("app", 3)};
  EXPECT_EQ(explain(task, roles(true)).verdict, "container 'app' exited with 3");
}

TEST(Explanation, TheContainerThatKeptAnotherFromStartingIsTheCause) {
  aws::ecs::Task task = stopped_task();
  task.stop_code = "TaskFailedToStart";
  task.started_at.reset();
  task.stopped_reason = "CannotCreateContainerError: no command";
  task.containers = {container("app", std::nullopt),
                     container("side", std::nullopt, "CannotCreateContainerError: no command")};
  const Explanation explanation = explain(task, roles(true));
  EXPECT_EQ(explanation.verdict, "container 'side' was not started");
  EXPECT_THAT(explanation.cause, HasSubstr("could not be made"));
}

TEST(Explanation, ATaskThatPullsSaysSo) {
  aws::ecs::Task task;
  task.last_status = "PENDING";
  task.pull_started_at = 1'700'000'010.5;
  EXPECT_EQ(explain(task, ContainerRoles()).verdict, "the task is PENDING: its image is being pulled");
  task.pull_stopped_at = 1'700'000'020.0;
  EXPECT_EQ(explain(task, ContainerRoles()).verdict,
            "the task is PENDING: its containers are about to start");
}

TEST(Explanation, AStateThatIsNotKnownIsShownAsItIs) {
  aws::ecs::Task task;
  task.last_status = "HIBERNATING";
  EXPECT_EQ(explain(task, ContainerRoles()).verdict, "the task is HIBERNATING");
}

}  // namespace
}  // namespace ferry::feature
