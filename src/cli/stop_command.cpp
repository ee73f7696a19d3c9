#include "aws/ecs.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/status_line.hpp"
#include "cli/task_argument.hpp"
#include "feature/exec_picker.hpp"
#include "feature/task_lookup.hpp"
#include "feature/task_stop.hpp"
#include "feature/task_wait.hpp"
#include "net/loop.hpp"
#include "sys/tty.hpp"

#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

struct StopFlags {
  TaskArgument task;
  std::string reason = "stopped with ferry stop";
  std::optional<milliseconds> timeout;
  bool no_wait = false;
};

Arguments describe(StopFlags& flags) {
  Arguments arguments("stop", "stop a task and wait until it has stopped");
  describe_task_argument(arguments, flags.task);
  arguments.text("--reason", "TEXT", "what the task's stoppedReason will say", flags.reason);
  arguments.duration("--timeout", "DURATION", "how long to wait for it (default: 3m)", flags.timeout);
  arguments.toggle("--no-wait", "return once the stop is accepted", flags.no_wait);
  return arguments;
}

// How far it came.
struct Progress {
  std::string task_id;  // of the task that is to stop
  bool is_asked = false, is_accepted = false;
};
// A word that is the beginning of a task's id may be a service's name as well: nothing is stopped by
// mistake.
net::Task<Result<>> make_sure(aws::Client& client, feature::Target target, std::string word, std::string task,
                              StatusLine& line) {
  const bool can_be_service = word == target.name && !feature::is_whole_task_id(word);
  if (!can_be_service) co_return Result<>();
  const Result<bool> is_service = co_await feature::is_service(client, target.cluster, word);
  if (!is_service && is_service.error().code != FailureCode::denied)
    co_return fail(is_service.error().in(fmt::format("cannot see whether '{}' is a service, too", word)));
  if (!is_service) {
    line.notice(fmt::format("cannot see whether '{}' is a service, too: {}", word, is_service.error().what));
    co_return Result<>();
  }
  if (!*is_service) co_return Result<>();
  const std::string id = task.substr(task.rfind('/') + 1);
  const std::string both =
      fmt::format("'{}' is task {} and also service {} in cluster {}", word, id, word, target.cluster);
  if (!sys::is_terminal(STDIN_FILENO) || !sys::is_terminal(STDERR_FILENO))
    co_return fail(FailureCode::ambiguous, both, fmt::format("to stop the task, write task/{}", word));
  const bool agreed = co_await feature::ask_yes_or_no(client.loop(), both + "; stop the task?");
  if (agreed) co_return Result<>();
  co_return fail(FailureCode::cancelled, "nothing was stopped");
}

net::Task<Result<std::string>> stop(aws::Client& client, feature::Target target, StopFlags flags,
                                    StatusLine& line, Progress& progress) {
  Result<std::string> task = co_await feature::find_task(client, target);
  if (!task) co_return fail(task.error());
  const Result<> is_meant = co_await make_sure(client, target, flags.task.task, *task, line);
  if (!is_meant) co_return fail(is_meant.error());
  const Result<aws::ecs::Task> before = co_await feature::describe_task(client, target.cluster, *task);
  if (!before) co_return fail(before.error());
  if (before->last_status == "STOPPED") co_return fmt::format("task {} had stopped already", before->id());
  const milliseconds patience = flags.timeout.value_or(feature::kLongestStop);
  net::Event never(client.loop());
  progress.task_id = before->id();
  progress.is_asked = true;
  const Result<aws::ecs::Task> asked =
      co_await feature::stop_task_patiently(client, target.cluster, *task, flags.reason, patience, never);
  progress.is_accepted = asked.has_value();
  if (!asked) co_return fail(asked.error().in(fmt::format("task {}", before->id())));
  if (flags.no_wait) co_return fmt::format("task {} was told to stop", before->id());
  feature::TaskWait wait;
  wait.cluster = target.cluster;
  wait.task = *task;
  wait.changed = [&line, id = before->id()](std::string_view status) {
    line.status(status == "STOPPED" ? std::string() : fmt::format("task {} is {}", id, status));
  };
  const Result<aws::ecs::Task> stopped = co_await feature::wait_until_stopped(client, std::move(wait));
  if (!stopped) co_return fail(stopped.error());
  co_return fmt::format("task {} has stopped", before->id());
}

std::string left_behind(const Progress& progress) {
  if (!progress.is_asked) return " before the task was told to stop";
  return fmt::format("; task {} {} told to stop, and has not been seen to", progress.task_id,
                     progress.is_accepted ? "was" : "may have been");
}

}  // namespace

Result<int> stop_command(Words words) {
  StopFlags flags;
  const Arguments arguments = describe(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::Target> target = task_of(flags.task);
  if (!target) return fail(target.error());
  net::Loop loop;
  Waiting waiting(loop, flags.timeout.value_or(feature::kLongestStop));
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, flags.task.connection);
  if (!client) return waiting.failed(client.error());
  StatusLine line;
  Progress progress;
  const Result<std::string> said = waiting.get(stop(**client, std::move(*target), flags, line, progress));
  line.status({});
  if (waiting.ending()) {
    line.notice(fmt::format("stop: {}{}", feature::in_words(*waiting.ending()), left_behind(progress)));
    return feature::exit_status(*waiting.ending());
  }
  if (!said) return fail(said.error().in("stop"));
  line.notice(*said);
  return 0;
}

}  // namespace ferry::cli
