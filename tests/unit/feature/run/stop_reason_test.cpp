#include "feature/run/stop_reason.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

using testing::HasSubstr;

aws::ecs::Task stopped_task(std::optional<int> exit_code, std::string container_reason = {}) {
  aws::ecs::Container app;
  app.name = "app";
  app.exit_code = exit_code;
  app.reason = std::move(container_reason);
  aws::ecs::Container side;
  side.name = "side";
  side.exit_code = 0;
  aws::ecs::Task task;
  task.last_status = "STOPPED";
  task.stop_code = "EssentialContainerExited";
  task.stopped_reason = "Essential container in task exited";
  task.started_at = 1.0;
  task.containers = {side, app};
  return task;
}

// With "side" as a sidecar that is not essential.
CommandResult result_of(const aws::ecs::Task& task, const std::string& container) {
  aws::ecs::TaskDefinition definition;
  aws::ecs::ContainerDefinition app;
  app.name = "app";
  aws::ecs::ContainerDefinition side;
  side.name = "side";
  side.essential = false;
  definition.containers = {app, side};
  return result_of(task, ContainerEnds(container), ContainerRoles(definition));
}

TEST(StopReason, ZeroNeedsNoWords) {
  const CommandResult result = result_of(stopped_task(0), "app");
  EXPECT_EQ(result.outcome, Outcome::exited);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.explanation, "");
}

TEST(StopReason, TheResultSaysWhatRanAndWhereItsCodeWasSeen) {
  aws::ecs::Task task = stopped_task(0);
  task.arn = "arn:aws:ecs:us-east-1:123456789012:task/prod/0123";
  task.cluster_arn = "arn:aws:ecs:us-east-1:123456789012:cluster/prod";
  const CommandResult result = result_of(task, "app");
  EXPECT_EQ(result.mode, Mode::run);
  EXPECT_EQ(result.cluster, "prod");
  EXPECT_EQ(result.task, task.arn);
  EXPECT_EQ(result.container, "app");
  EXPECT_EQ(result.exit_code_source, ExitCodeSource::describe);
  EXPECT_EQ(result.stop_code, "EssentialContainerExited");
  EXPECT_EQ(result.stopped_reason, "Essential container in task exited");
}

TEST(StopReason, WithoutACodeThereIsNoSourceOfIt) {
  EXPECT_FALSE(result_of(stopped_task(std::nullopt), "app").exit_code_source.has_value());
}

TEST(StopReason, AnotherCodeIsNamed) {
  const CommandResult result = result_of(stopped_task(3), "app");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.explanation, "container 'app' exited with 3");
}

TEST(StopReason, TheUsualCodesHaveAMeaning) {
  EXPECT_THAT(result_of(stopped_task(137), "app").explanation, HasSubstr("SIGKILL"));
  EXPECT_THAT(result_of(stopped_task(139), "app").explanation, HasSubstr("SIGSEGV"));
  EXPECT_THAT(result_of(stopped_task(143), "app").explanation, HasSubstr("SIGTERM"));
  EXPECT_THAT(result_of(stopped_task(127), "app").explanation, HasSubstr("not found"));
}

TEST(StopReason, TheServicesReasonWinsOverTheCodesMeaning) {
  const CommandResult result =
      result_of(stopped_task(137, "OutOfMemoryError: Container killed due to memory usage"), "app");
  EXPECT_EQ(result.exit_code, 137);
  EXPECT_THAT(result.explanation, HasSubstr("OutOfMemoryError: Container killed due to memory usage"));
  EXPECT_THAT(result.explanation, HasSubstr("--memory"));
}

TEST(StopReason, AMissingCodeIsNeverSuccess) {
  const CommandResult result = result_of(stopped_task(std::nullopt), "app");
  EXPECT_EQ(result.outcome, Outcome::unknown);
  EXPECT_FALSE(result.exit_code.has_value());
  EXPECT_FALSE(result.explanation.empty());
  EXPECT_EQ(exit_status(result), 255);
}

TEST(StopReason, AnotherContainersCodeIsNotTaken) {
  EXPECT_EQ(result_of(stopped_task(0), "nobody").outcome, Outcome::unknown);
}

TEST(StopReason, ACodeOutsideAStatusIsUnknown) {
  for (const int code : {256, -1, 1 << 30}) {
    const CommandResult result = result_of(stopped_task(code), "app");
    EXPECT_EQ(result.outcome, Outcome::unknown) << code;
    EXPECT_THAT(result.explanation, HasSubstr(std::to_string(code)));
  }
}

TEST(StopReason, AFailedStartSaysWhyAndWhatToDo) {
  aws::ecs::Task task = stopped_task(std::nullopt, "CannotPullContainerError: pull access denied for app");
  task.stop_code = "TaskFailedToStart";
  task.stopped_reason = "Task failed to start";
  const CommandResult result = result_of(task, "app");
  EXPECT_EQ(result.outcome, Outcome::not_started);
  EXPECT_EQ(exit_status(result), 125);
  EXPECT_THAT(result.explanation, HasSubstr("CannotPullContainerError: pull access denied for app"));
  EXPECT_THAT(result.explanation, HasSubstr("registry"));
}

TEST(StopReason, WithoutAStartNothingRan) {
  aws::ecs::Task task = stopped_task(std::nullopt);
  task.started_at.reset();
  task.stop_code = "UserInitiated";
  task.stopped_reason = "stopped by someone";
  const CommandResult result = result_of(task, "app");
  EXPECT_EQ(result.outcome, Outcome::not_started);
  EXPECT_THAT(result.explanation, HasSubstr("stopped by someone"));
}

TEST(StopReason, UnknownReasonsComeThroughVerbatim) {
  aws::ecs::Task task = stopped_task(std::nullopt);
  task.stop_code = "SomethingNew";
  task.stopped_reason = "Flux capacitor 88";
  EXPECT_THAT(result_of(task, "app").explanation, HasSubstr("(SomethingNew): Flux capacitor 88"));
}

TEST(StopReason, AZeroOfATaskThatWasStoppedIsSeenButNoSuccess) {
  for (const char* stop_code :
       {"UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice"}) {
    aws::ecs::Task task = stopped_task(0);
    task.stop_code = stop_code;
    task.stopped_reason = "somebody's reason.";
    const CommandResult result = result_of(task, "app");
    EXPECT_EQ(result.outcome, Outcome::unknown) << stop_code;
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.exit_code_source, ExitCodeSource::describe);
    EXPECT_EQ(exit_status(result), 255);
    EXPECT_THAT(result.explanation, HasSubstr("told to stop (somebody's reason)"));
  }
}

aws::ecs::Task failed_start(aws::ecs::Container app, aws::ecs::Container other, std::string stopped_reason) {
  aws::ecs::Task task;
  task.last_status = "STOPPED";
  task.stop_code = "TaskFailedToStart";
  task.stopped_reason = std::move(stopped_reason);
  task.containers = {std::move(app), std::move(other)};
  return task;
}

aws::ecs::Container container(std::string name, std::optional<int> code, std::string reason = {}) {
  aws::ecs::Container made;
  made.name = std::move(name);
  made.last_status = "STOPPED";
  made.exit_code = code;
  made.reason = std::move(reason);
  return made;
}

TEST(StopReason, AnotherContainersReasonIsNamedAsItsOwn) {
  const std::string reason = "CannotCreateContainerError: no command";
  for (const std::string& of_task : {reason, std::string("Task failed to start")}) {
    const CommandResult result = result_of(
        failed_start(container("app", std::nullopt), container("side", std::nullopt, reason), of_task),
        "app");
    EXPECT_EQ(result.outcome, Outcome::not_started);
    EXPECT_THAT(result.explanation, HasSubstr("container 'app' was not started (TaskFailedToStart): "
                                              "container 'side' was not started: " +
                                              reason));
  }
  const CommandResult ended =
      result_of(failed_start(container("app", 143), container("side", std::nullopt, reason), reason), "app");
  EXPECT_THAT(ended.explanation, HasSubstr("exited with 143: container 'side' was not started: " + reason));
}

TEST(StopReason, ATasksReasonStaysTheTasks) {
  const CommandResult result =
      result_of(failed_start(container("app", std::nullopt), container("side", std::nullopt),
                             "ResourceInitializationError: unable to pull secrets"),
                "app");
  EXPECT_THAT(result.explanation, HasSubstr("(TaskFailedToStart): ResourceInitializationError"));
}

TEST(StopReason, TheContainerThatItDependsOnIsNamedWithItsCode) {
  aws::ecs::TaskDefinition definition;
  aws::ecs::ContainerDefinition app;
  app.name = "app";
  app.depends_on = {{.container = "middle", .condition = "START"}};
  aws::ecs::ContainerDefinition middle;
  middle.name = "middle";
  middle.depends_on = {{.container = "init", .condition = "SUCCESS"},
                       {.container = "app", .condition = "START"}};
  aws::ecs::ContainerDefinition init;
  init.name = "init";
  init.essential = false;
  definition.containers = {app, middle, init};
  aws::ecs::Task task =
      failed_start(container("app", std::nullopt), container("middle", std::nullopt), "Task failed to start");
  task.containers.push_back(container("init", 3));
  const CommandResult result = result_of(task, ContainerEnds("app"), ContainerRoles(definition));
  EXPECT_EQ(result.outcome, Outcome::not_started);
  EXPECT_THAT(result.explanation,
              HasSubstr("container 'middle' depends on container 'init', which exited with 3"));
  EXPECT_FALSE(never_ran(task, "init")) << "its log is there";
  EXPECT_TRUE(never_ran(task, "app"));
}

TEST(StopReason, AnEssentialOneThatEndedBeforeItStartedIsNamed) {
  aws::ecs::Task task = failed_start(container("side", std::nullopt), container("app", 5),
                                     "Essential container in task exited");
  task.stop_code = "EssentialContainerExited";
  EXPECT_THAT(result_of(task, "side").explanation, HasSubstr("container 'app' exited with 5"));
}

}  // namespace
}  // namespace ferry::feature
