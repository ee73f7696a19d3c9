#include "local/runtime/open_runtime.hpp"
#include "local/runtime/process_runtime.hpp"
#include "runtime_test_support.hpp"

#include <csignal>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::local {
namespace {

using ::testing::HasSubstr;

TEST(ProcessRuntime, BringsBackBothStreamsAndTheExitCode) {
  net::Loop loop;
  ProcessRuntime runtime(loop);
  ContainerSpec spec = shell_container("echo $GREETING; pwd; echo err >&2; exit 7");
  spec.environment = {{"GREETING", "hello"}};
  spec.working_directory = "/usr";
  const ContainerOutcome outcome = loop.run(run_container(loop, runtime, spec));
  EXPECT_EQ(outcome.output, "hello\n/usr\n");
  EXPECT_EQ(outcome.error, "err\n");
  EXPECT_EQ(outcome.exit_code, 7);
}

TEST(ProcessRuntime, SignalsReachTheCommand) {
  net::Loop loop;
  ProcessRuntime runtime(loop);
  Result<std::unique_ptr<Container>> container = loop.run(runtime.start(shell_container("exec sleep 1000")));
  ASSERT_TRUE(container) << container.error().line();
  (*container)->signal(SIGTERM);
  EXPECT_EQ(loop.run((*container)->wait()).code, 128 + SIGTERM);
}

TEST(ProcessRuntime, RefusesWhatItCannotRun) {
  net::Loop loop;
  ProcessRuntime runtime(loop);
  ContainerSpec spec = shell_container("");
  spec.command = {"no-such-program"};
  EXPECT_EQ(loop.run(run_container(loop, runtime, spec)).failure.what,
            "CannotStartContainerError: exec: \"no-such-program\": executable file not found in $PATH");
  spec.command = {};
  EXPECT_EQ(loop.run(run_container(loop, runtime, spec)).failure.code, FailureCode::usage);
  spec = shell_container("true");
  spec.image = "rootfs:/";
  EXPECT_EQ(loop.run(run_container(loop, runtime, spec)).failure.code, FailureCode::usage);
}

TEST(RuntimeChoice, IsReadFromItsName) {
  EXPECT_EQ(parse_runtime_choice("auto").value(), RuntimeChoice::automatic);
  EXPECT_EQ(parse_runtime_choice("sandbox").value(), RuntimeChoice::sandbox);
  EXPECT_EQ(parse_runtime_choice("process").value(), RuntimeChoice::process);
  for (const char* wrong : {"docker", "", "Sandbox"}) {
    const Result<RuntimeChoice> choice = parse_runtime_choice(wrong);
    ASSERT_FALSE(choice);
    EXPECT_EQ(choice.error().code, FailureCode::usage);
    EXPECT_THAT(choice.error().hint, HasSubstr("sandbox"));
  }
}

}  // namespace
}  // namespace ferry::local
