#include "aws/ecs.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/result_output.hpp"
#include "cli/status_line.hpp"
#include "cli/task_argument.hpp"
#include "feature/container_choice.hpp"
#include "feature/result_json.hpp"
#include "feature/run/stop_reason.hpp"
#include "feature/run/who_ended.hpp"
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

struct ChosenContainer {
  feature::ContainerChoice choice;
  feature::ContainerRoles roles;
};

// The container that is meant. Only where the task has several of them is its definition asked: who ended
// first counts then. Where it cannot be read, one that the names tell has a verdict all the same.
net::Task<Result<ChosenContainer>> chosen_container(aws::Client& client, const aws::ecs::Task& task,
                                                    std::string wanted) {
  std::vector<feature::ContainerCandidate> known = feature::container_candidates(task, nullptr);
  feature::ContainerRoles roles;
  if (task.containers.size() > 1) {
    const Result<aws::ecs::TaskDefinition> definition =
        co_await aws::ecs::describe_task_definition(client, task.task_definition_arn);
    const bool is_needed = feature::is_definition_needed(known, wanted);
    if (!definition && is_needed) co_return fail(definition.error().in(task.task_definition_arn));
    if (definition) known = feature::container_candidates(task, &*definition);
    roles = definition ? feature::ContainerRoles(*definition) : feature::ContainerRoles(definition.error());
  }
  Result<feature::ContainerChoice> choice =
      feature::choose_container(known, wanted, fmt::format("task {}", task.id()));
  if (!choice) co_return fail(choice.error());
  co_return ChosenContainer{.choice = std::move(*choice), .roles = std::move(roles)};
}

// What is known of the task while it is waited for.
struct Watched {
  std::string task, status;  // ARN or id, lastStatus; empty before they are known
};

net::Task<Result<feature::CommandResult>> wait(aws::Client& client, feature::Target target, WaitFlags flags,
                                               StatusLine& line, Watched& watched) {
  Result<std::string> task = co_await feature::find_task(client, target);
  if (!task) co_return fail(task.error());
  watched.task = *task;
  feature::TaskWait wait;
  wait.cluster = target.cluster;
  wait.task = *task;
  feature::TaskEnds ends;
  wait.ends = &ends;
  wait.changed = [&line, &watched, id = task->substr(task->rfind('/') + 1)](std::string_view status) {
    watched.status = status;
    line.status(status == "STOPPED" ? std::string() : fmt::format("task {} is {}", id, status));
  };
  const Result<aws::ecs::Task> stopped = co_await feature::wait_until_stopped(client, std::move(wait));
  if (!stopped) co_return fail(stopped.error());
  const Result<ChosenContainer> container =
      co_await chosen_container(client, *stopped, container_or_environment(flags.container));
  if (!container) co_return fail(container.error());
  if (!container->choice.notice.empty()) line.notice(container->choice.notice);
  co_return feature::result_of(*stopped, ends.of(container->choice.name), container->roles);
}

feature::CommandResult given_up(const feature::Ending& ending, const std::string& cluster,
                                const Watched& watched) {
  feature::CommandResult result;
  result.mode = feature::Mode::run;
  result.cluster = cluster;
  result.task = watched.task;
  result.outcome = feature::outcome_of(ending);
  result.explanation = feature::in_words(ending) + "; the task goes on";
  if (ending.cause == feature::EndCause::time_limit && !watched.status.empty()) {
    result.explanation = fmt::format(
        "task {} has not stopped in {:g} s: it is {}; it goes on; wait longer with --timeout, or "
        "stop it with `ferry stop`",
        watched.task, static_cast<double>(ending.time_limit.count()) / 1000, watched.status);
  }
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
  Waiting waiting(loop, flags.timeout);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, flags.task.connection);
  if (!client) return waiting.failed(client.error());
  StatusLine line;
  Watched watched;
  Result<feature::CommandResult> result = waiting.get(wait(**client, *target, flags, line, watched));
  line.status({});
  if (waiting.ending()) result = given_up(*waiting.ending(), target->cluster, watched);
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
