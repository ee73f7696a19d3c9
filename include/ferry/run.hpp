// Running a command in a task of its own, to its end (`ferry run`).
//
//   const ferry::CommandResult result = ferry::run({.like = "prod/web", .command = {"rake", "db:migrate"}});
//   if (!result.succeeded()) std::cerr << result.explanation << '\n';
#pragma once

#include <chrono>
#include <ferry/options.hpp>
#include <ferry/result.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry {

// What to run, and where. Empty members leave the choice to `like`, the task definition, or ECS.
struct RunRequest {
  // The initializers let callers leave members out without a warning.
  // NOLINTBEGIN(readability-redundant-member-init)
  // Family, family:revision or ARN. Either this or `like` must be there.
  std::string task_definition = {};
  // CLUSTER/SERVICE or SERVICE: task definition, network, capacity, platform version, tags and exec setting
  // are that service's. What is named here wins.
  std::string like = {};
  std::string cluster = {};    // empty: that of `like`, else FERRY_CLUSTER, else "default"
  std::string container = {};  // whose command, log and exit code are meant; empty: as in exec.hpp
  // Instead of the task definition's command: program and arguments, as they are. UTF-8.
  std::vector<std::string> command = {};
  std::vector<std::pair<std::string, std::string>> environment = {};
  // As `aws ecs run-task` takes them: JSON or shorthand.
  std::string network_configuration = {};
  std::string overrides = {};
  std::string launch_type = {};            // FARGATE, EC2, EXTERNAL; not beside `capacity`
  std::vector<std::string> capacity = {};  // capacity providers in the order to try them
  // The task's startedBy, at most 128 characters; empty: "ferry". Where a task of that name, family and
  // container is going already, it is followed and no other is started.
  std::string started_by = {};
  std::vector<int> retry_on_exit = {};  // exit codes, 1 to 255, that count as a passing cause
  // NOLINTEND(readability-redundant-member-init)
  // Further tasks, one after the other, where the cause of the last one's end may pass: 0 to 100. A captured
  // log is the last one's; functions and descriptors get all of them.
  int retries = 0;
};

// Starts the task, follows its log, and waits for its end. Of the options:
//   standard_output  gets the log, stdout and stderr merged, each line with its line end
//   timeout          is each task's, the first one's from the call on; then the task is stopped
//   cancel           stops the task, and the call returns once that is done (3 minutes at most)
//   input            must be empty; standard_error, framing and keep_alive_interval are not used
// Whatever happens is in the result; nothing is thrown but what the standard library throws when memory is
// out. docs/library.md names the rights.
//
// Blocks the calling thread. Thread-safe, as exec() is.
CommandResult run(const RunRequest& request, const Options& options = {});

// The same beside the caller. Owns a thread, on which the functions of the options are called.
// One thread at a time may use it, but for request_stop().
class Run {
 public:
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;
  // request_stop(), and waits for the end: no task is left behind.
  ~Run();

  // As Options::cancel. Returns at once; from any thread.
  void request_stop();
  // True once the result is there, false after that time.
  [[nodiscard]] bool ended_within(std::chrono::milliseconds time) const;
  // Waits for the end. Once. Throws what run() throws.
  CommandResult wait();

 private:
  friend Run start_run(RunRequest request, Options options);
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Throws std::system_error where no thread can be made.
[[nodiscard]] Run start_run(RunRequest request, Options options = {});

}  // namespace ferry
