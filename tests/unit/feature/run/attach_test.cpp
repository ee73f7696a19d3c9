#include "feature/run/attach.hpp"

#include <optional>
#include <string>

#include <gmock/gmock.h>

namespace ferry::feature {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string why(std::optional<int> exit_code, std::string reason = {}) {
  aws::ecs::Container app;
  app.name = "app";
  app.exit_code = exit_code;
  app.reason = std::move(reason);
  aws::ecs::Task task;
  task.arn = "arn:aws:ecs:us-east-1:123456789012:task/prod/0123";
  task.last_status = "STOPPED";
  task.stop_code = exit_code ? "EssentialContainerExited" : "TaskFailedToStart";
  task.stopped_reason = exit_code ? "Essential container in task exited" : app.reason;
  task.containers = {app};
  return explain_not_entered(task, "app", {.until_entered = seconds(300), .after_session = seconds(30)});
}

TEST(Hold, PutsTheHolderInThePlaceOfTheCommand) {
  AttachOptions options;
  RunRequest request;
  request.change.command = {"rake", "db:migrate"};
  hold(request, options);
  EXPECT_THAT(options.command, testing::ElementsAre("rake", "db:migrate"));
  EXPECT_EQ(request.change.command, holder_command(options.mark, options.holder));
  EXPECT_TRUE(request.enable_execute_command);
}

TEST(Hold, RunsAShellWhereThereIsNoCommand) {
  AttachOptions options;
  RunRequest request;
  hold(request, options);
  EXPECT_THAT(options.command, testing::ElementsAre("/bin/sh"));
}

TEST(ExplainNotEntered, AnEntrypointThatSwallowsTheCommandHasANextStep) {
  for (const int code : {0, 1, 64}) {
    EXPECT_THAT(why(code), AllOf(HasSubstr("ENTRYPOINT"), HasSubstr("--ephemeral-revision --entry-point"),
                                 HasSubstr("exit code " + std::to_string(code))));
  }
}

TEST(ExplainNotEntered, AnImageWithoutAShell) {
  EXPECT_THAT(why(std::nullopt,
                  "CannotStartContainerError: failed to create task: exec: \"sh\": executable file not "
                  "found in $PATH"),
              AllOf(HasSubstr("no `sh`"), HasSubstr("without --attach")));
  EXPECT_THAT(why(127), HasSubstr("no `sh`"));
}

TEST(ExplainNotEntered, WhatTheHolderSaysByItsExitCode) {
  EXPECT_THAT(why(kHolderNeverEntered),
              AllOf(HasSubstr("no session within 300 s"), Not(HasSubstr("ENTRYPOINT"))));
  EXPECT_THAT(why(kHolderHasNoSleep), HasSubstr("no `sleep`"));
}

TEST(ExplainNotEntered, WhatStoppedTheTaskBeforeItRan) {
  EXPECT_THAT(why(std::nullopt, "CannotPullContainerError: pull image manifest has been retried 5 time(s)"),
              HasSubstr("CannotPullContainerError"));
}

TEST(ExplainRefusedAttach, NamesTheTaskRole) {
  Failure refusal;
  refusal.what =
      "The task definition is configured to use enableExecuteCommand, but a valid taskRoleArn is not being "
      "used";
  EXPECT_THAT(explain_refused_attach(refusal).hint, HasSubstr("--task-role-arn"));
  refusal.what = "Cluster not found.";
  EXPECT_EQ(explain_refused_attach(refusal).hint, "");
}

}  // namespace
}  // namespace ferry::feature
