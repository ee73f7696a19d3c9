#include "aws/ecs.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/interruptible.hpp"
#include "cli/result_output.hpp"
#include "cli/status_line.hpp"
#include "cli/task_argument.hpp"
#include "feature/container_choice.hpp"
#include "feature/result_json.hpp"
#include "feature/run/stop_reason.hpp"
#include "feature/task_lookup.hpp"
#include "feature/task_wait.hpp"
#include "net/loop.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr int kDefaultUnknownExitCode = 255;

struct WaitFlags {
  TaskArgument task;
  std::string container, output = "text", result_path;
  std::optional<milliseconds> timeout;
  std::optional<std::int64_t> unknown_exit_code;
};

Arguments describe(WaitFlags& flags) {
  Arguments arguments("wait", "wait until a task has stopped and exit with its code");
  describe_task_argument(arguments, flags.task);
  arguments.text("--container", "NAME", "whose exit code is meant, where there are several", flags.container);
  arguments.duration("--timeout", "DURATION", "how long to wait (status 124; the task goes on)",
                     flags.timeout);
  arguments.choice("-o,--output", {"text", "json"}, "json: one object with the outcome on stdout",
                   flags.output);
  arguments.text("--result-file", "FILE", "write that object to a file", flags.result_path);
  arguments.integer("--unknown-exit-code", "N", 1, kDefaultUnknownExitCode,
                    "status for an unknown outcome instead of 255", flags.unknown_exit_code);
  return arguments;
}

// The container that is meant. Only where names do not tell is the task's definition asked.
net::Task<Result<feature::ContainerChoice>> container_of(aws::Client& client, const aws::ecs::Task& task,
                                                         std::string wanted) {
  const std::string whose = fmt::format("task {}", task.id());
  const std::vector<feature::ContainerCandidate> known = feature::container_candidates(task, nullptr);
  if (!feature::is_definition_needed(known, wanted)) co_return choose_container(known, wanted, whose);
  const Result<aws::ecs::TaskDefinition> definition =
      co_await aws::ecs::describe_task_definition(client, task.task_definition_arn);
  if (!definition) co_return fail(definition.error().in(task.task_definition_arn));
  co_return choose_container(feature::container_candidates(task, &*definition), wanted, whose);
}

net::Task<Result<feature::CommandResult>> wait(aws::Client& client, feature::Target target, WaitFlags flags,
                                               StatusLine& line) {
  Result<std::string> task = co_await feature::find_task(client, target);
  if (!task) co_return fail(task.error());
  feature::TaskWait wait;
  wait.cluster = target.cluster;
  wait.task = *task;
  wait.limit = flags.timeout;
  wait.changed = [&line, id = task->substr(task->rfind('/') + 1)](std::string_view status) {
    line.status(status == "STOPPED" ? std::string() : fmt::format("task {} is {}", id, status));
  };
  const Result<aws::ecs::Task> stopped = co_await feature::wait_until_stopped(client, std::move(wait));
  if (!stopped && stopped.error().code == FailureCode::timed_out && flags.timeout) {
    feature::CommandResult result;
    result.mode = feature::Mode::run;
    result.cluster = target.cluster;
    result.task = *task;
    result.outcome = feature::Outcome::timeout;
    result.explanation = stopped.error().line();
    co_return result;
  }
  if (!stopped) co_return fail(stopped.error());
  const Result<feature::ContainerChoice> container =
      co_await container_of(client, *stopped, container_or_environment(flags.container));
  if (!container) co_return fail(container.error());
  if (!container->notice.empty()) line.notice(container->notice);
  co_return feature::result_of(*stopped, container->name);
}

feature::CommandResult interrupted() {
  feature::CommandResult result;
  result.mode = feature::Mode::run;
  result.outcome = feature::Outcome::interrupted;
  result.explanation = "interrupted; the task goes on";
  return result;
}

}  // namespace

Result<int> wait_command(Words words) {
  WaitFlags flags;
  const Arguments arguments = describe(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::Target> target = task_of(flags.task);
  if (!target) return fail(target.error());
  const Result<> result_path = check_result_path(flags.result_path);
  if (!result_path) return fail(result_path.error());
  net::Loop loop;
  const Result<std::unique_ptr<aws::Client>> client = connect(loop, flags.task.connection);
  if (!client) return fail(client.error());
  StatusLine line;
  const std::optional<Result<feature::CommandResult>> waited =
      loop.run(unless_interrupted(loop, wait(**client, std::move(*target), flags, line)));
  line.status({});
  const Result<feature::CommandResult> result = waited ? *waited : interrupted();
  if (!result) return fail(result.error().in("wait"));
  if (!result->explanation.empty()) line.notice(result->explanation);
  const bool wants_json = flags.output == "json";
  if (wants_json || !flags.result_path.empty()) {
    const Result<> shown = show_result(feature::result_json_line(*result), wants_json, flags.result_path);
    if (!shown) return fail(shown.error());
  }
  return feature::exit_status(*result,
                              static_cast<int>(flags.unknown_exit_code.value_or(kDefaultUnknownExitCode)));
}

}  // namespace ferry::cli
