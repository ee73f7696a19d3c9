#include "aws/ecs.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/result_output.hpp"
#include "cli/status_line.hpp"
#include "cli/task_argument.hpp"
#include "feature/result_json.hpp"
#include "feature/run/input.hpp"
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
  std::string name;
  feature::ContainerRoles roles;
};

// The one beside which there are only such as AWS puts there; empty where there are several.
std::string only_own_container(const aws::ecs::Task& task) {
  std::string only;
  for (const aws::ecs::Container& container : task.containers) {
    if (!feature::ContainerRoles().is_essential(container.name)) continue;
    if (!only.empty()) return {};
    only = container.name;
  }
  return only;
}

// The container that is meant. Only where the task has several of them is its definition asked; where that
// cannot be read, one that is named, or the only one of the user's, has a verdict all the same.
net::Task<Result<ChosenContainer>> chosen_container(aws::Client& client, const aws::ecs::Task& task,
                                                    std::string wanted) {
  const bool is_there = feature::find_container(task, wanted) != nullptr;
  if (task.containers.size() == 1 && (wanted.empty() || is_there))
    co_return ChosenContainer{.name = task.containers.front().name, .roles = {}};
  const Result<aws::ecs::TaskDefinition> definition =
      co_await aws::ecs::describe_task_definition(client, task.task_definition_arn);
  if (!definition && wanted.empty()) wanted = only_own_container(task);
  if (!definition && feature::find_container(task, wanted) != nullptr)
    co_return ChosenContainer{.name = wanted, .roles = feature::ContainerRoles(definition.error())};
  if (!definition) co_return fail(definition.error().in(task.task_definition_arn));
  feature::RunRequest request;
  request.task_definition = task.task_definition_arn;
  request.container = wanted;
  Result<std::string> name = feature::choose_container(*definition, request);
  if (!name) co_return fail(name.error());
  co_return ChosenContainer{.name = std::move(*name), .roles = feature::ContainerRoles(*definition)};
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
  const Result<ChosenContainer> container = co_await chosen_container(client, *stopped, flags.container);
  if (!container) co_return fail(container.error());
  co_return feature::result_of(*stopped, ends.of(container->name), container->roles);
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
