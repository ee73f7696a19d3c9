#include "cli/main.hpp"

#include "base/near_names.hpp"
#include "base/version.hpp"
#include "cli/commands.hpp"
#include "sys/private_memory.hpp"
#include "sys/standard_streams.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  Result<int> (*run)(Words words);
  bool holds_keys = true;  // of the user's, in memory
};

constexpr std::array kCommands{
    Command{"exec", "run a command in a running task", exec_command},
    Command{"run", "run a task to its end and show its log", run_command},
    Command{"ps", "list tasks, stopped ones too", ps_command},
    Command{"logs", "show the log of a task, running or stopped", logs_command},
    Command{"wait", "wait until a task has stopped and exit with its code", wait_command},
    Command{"stop", "stop a task and wait until it has stopped", stop_command},
    Command{"explain", "say why a task ended as it did, and what to do", explain_command},
    Command{"wrap", "print the command to give an SDK's ExecuteCommand", wrap_command, false},
    Command{"collect", "turn that call's response into output and exit code", collect_command},
    Command{"doctor", "say what stands in the way of exec, and the fix", doctor_command},
    Command{"enable-exec", "make a service's tasks ready for exec", enable_exec_command},
    Command{"whoami", "show identity, source of the credentials, region and endpoint", whoami_command},
    Command{"api", "call one operation: signed, raw JSON in and out", api_command},
    Command{"local", "the embedded ECS endpoint: up, status, down, env", local_command, false},
    Command{"session-manager-plugin", "what the AWS CLI calls for a session", session_manager_plugin_command},
};

std::string usage() {
  std::string text =
      "ferry: run a command on ECS/Fargate and get its result back\n\nusage: ferry COMMAND ...\n\n";
  for (const Command& command : kCommands) text += fmt::format("  {:<24}{}\n", command.name, command.summary);
  text += "\n`ferry COMMAND --help` tells more; `ferry --version` prints the version.\n";
  return text;
}

int complain(const Failure& failure) {
  sys::say(failure.line());
  return kExitFailure;
}

const Command* find_command(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

// A stream that takes nothing makes fmt throw where it is written to, or shows when it is flushed.
Result<int> with_all_written(Result<int> (*work)(std::vector<std::string>), std::vector<std::string> words) {
  try {
    Result<int> status = work(std::move(words));
    errno = 0;
    if (!status || *status != 0) return status;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    return fail(system_failure("standard output: cannot write", errno == 0 ? EIO : errno));
  } catch (const std::system_error& error) {
    return fail(FailureCode::local_system, error.what());
  }
}

Result<int> dispatch(std::vector<std::string> words) {
  if (words.empty()) {
    sys::write_to_stderr(usage());
    return kExitFailure;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    fmt::print("{}", usage());
    return 0;
  }
  if (words[0] == "--version") {
    fmt::print("ferry {}\n", kVersion);
    return 0;
  }
  const Command* command = find_command(words[0]);
  if (command == nullptr) {
    std::vector<std::string> names;
    names.reserve(std::size(kCommands));
    for (const Command& known : kCommands) names.emplace_back(known.name);
    const Failure failure{.code = FailureCode::usage,
                          .what = fmt::format("there is no command '{}'", words[0]),
                          .hint = "see `ferry --help`",
                          .service_code = {}};
    return fail(with_near_names(failure, words[0], names));
  }
  if (command->holds_keys) sys::keep_memory_private();
  return command->run(Words(words).subspan(1));
}

}  // namespace

int main(int argc, char** argv) {
  sys::open_missing_standard_streams();
  // A reader that goes away is a failed write like any other: it is told, and never ends ferry before the
  // command that it watches.
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const std::string_view program = argc > 0 ? argv[0] : "ferry";
  constexpr std::string_view kPluginName = "session-manager-plugin";
  if (program.substr(program.rfind('/') + 1) == kPluginName)
    words.insert(words.begin(), std::string(kPluginName));
  const Result<int> status = with_all_written(dispatch, std::move(words));
  return status ? *status : complain(status.error());
}

}  // namespace ferry::cli
