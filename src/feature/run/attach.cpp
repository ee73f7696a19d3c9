#include "feature/run/attach.hpp"

#include "feature/exec.hpp"
#include "feature/run/stop_reason.hpp"
#include "feature/target.hpp"
#include "feature/task_stop.hpp"
#include "net/unless.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::size_t kMarkBytes = 8;
// For the state of a task that could not be entered.
constexpr milliseconds kLongestInquiry{3'000};
// The task ends by itself a little later.
constexpr milliseconds kAttachedStopPatience{30'000};

constexpr std::string_view kNoShell =
    "the image has no `sh`, with which --attach holds the task; run it without --attach, and its log and "
    "exit "
    "code come all the same";

bool tells_of_no_shell(std::string_view reason) {
  return reason.contains("executable file not found") || reason.contains("no such file or directory");
}

ExecRequest exec_request(AttachRequest& request) {
  ExecRequest exec;
  exec.target.kind = Target::Kind::task;
  exec.target.name = request.task_arn.substr(request.task_arn.rfind('/') + 1);
  exec.target.cluster = request.cluster;
  exec.container = request.container;
  exec.command = std::move(request.attach.command);
  exec.is_starting = true;
  exec.wait_limit = request.attach.wait_limit;
  exec.status = std::move(request.status);
  exec.options = std::move(request.attach.session);
  exec.options.mark = request.attach.mark;
  exec.options.longest_silence = request.attach.silence;
  return exec;
}

// What is needed of the request once exec() has it.
struct HeldTask {
  explicit HeldTask(const AttachRequest& request)
      : cluster(request.cluster),
        task_arn(request.task_arn),
        container(request.container),
        limits(request.attach.holder),
        notice(request.attach.session.notice) {}

  std::string cluster, task_arn, container;
  HolderLimits limits;
  std::function<void(std::string_view line)> notice;
};

net::Task<std::optional<aws::ecs::Task>> stopped_task(aws::Client& client, std::string cluster,
                                                      std::string task_arn) {
  std::vector<std::string> tasks{std::move(task_arn)};
  Result<aws::ecs::DescribedTasks> described =
      co_await aws::ecs::describe_tasks(client, std::move(cluster), std::move(tasks));
  if (!described || described->tasks.empty()) co_return std::nullopt;
  if (described->tasks.front().last_status != "STOPPED") co_return std::nullopt;
  co_return std::move(described->tasks.front());
}

net::Task<> explain(aws::Client& client, const HeldTask& held, CommandResult& result) {
  const std::optional<std::optional<aws::ecs::Task>> task =
      co_await within(client.loop(), kLongestInquiry, stopped_task(client, held.cluster, held.task_arn));
  if (!task || !*task) co_return;
  result.stop_code = (*task)->stop_code;
  result.stopped_reason = (*task)->stopped_reason;
  std::string explanation = explain_not_entered(**task, held.container, held.limits);
  if (!explanation.empty()) result.explanation = std::move(explanation);
}

net::Task<> stop(aws::Client& client, const HeldTask& held) {
  net::Event never(client.loop());
  const Result<aws::ecs::Task> stopped =
      co_await stop_task_patiently(client, held.cluster, held.task_arn,
                                   "ferry run: the attached command is over", kAttachedStopPatience, never);
  if (stopped || !held.notice) co_return;
  held.notice(fmt::format("cannot stop task {}: {}; it ends by itself within {} s",
                          held.task_arn.substr(held.task_arn.rfind('/') + 1), stopped.error().line(),
                          std::max(held.limits.after_session, held.limits.until_entered).count()));
}

}  // namespace

std::string new_attach_mark() {
  return "ferry-" + sys::random_hex(kMarkBytes);
}

Failure explain_refused_attach(Failure refusal) {
  if (refusal.what.contains("taskRoleArn") || refusal.what.contains("task role")) {
    refusal.hint =
        "--attach enters the task, which needs a task role with the ssmmessages actions: name one with "
        "--task-role-arn ROLE";
  }
  return refusal;
}

std::string explain_not_entered(const aws::ecs::Task& task, const std::string& container,
                                HolderLimits limits) {
  const auto found = std::ranges::find(task.containers, container, &aws::ecs::Container::name);
  const CommandResult verdict = result_of(task, ContainerEnds(container), ContainerRoles());
  if (found == task.containers.end()) return verdict.explanation;
  if (!found->exit_code)
    return tells_of_no_shell(found->reason) ? std::string(kNoShell) : verdict.explanation;
  switch (*found->exit_code) {
    case kHolderNeverEntered:
      return fmt::format(
          "the exec agent of task {} took no session within {} s, and the task ended by itself", task.id(),
          limits.until_entered.count());
    case kHolderHasNoSleep:
      return "the image has no `sleep`, which --attach needs to hold the task; run it without --attach, and "
             "its log and exit code come all the same";
    case 127:
      return std::string(kNoShell);
    default:
      return fmt::format(
          "container {} of task {} ended with exit code {} before it could be entered: the image's "
          "ENTRYPOINT "
          "does not run the command that it is given; replace it with --ephemeral-revision --entry-point",
          container, task.id(), *found->exit_code);
  }
}

void hold(RunRequest& request, AttachOptions& options) {
  request.enable_execute_command = true;
  request.command_is_shell = true;
  options.command = std::exchange(request.change.command, holder_command(options.mark, options.holder));
  if (options.command.empty()) options.command.emplace_back("/bin/sh");
}

net::Task<Result<CommandResult>> attach(aws::Client& client, AttachRequest request) {
  assert(!request.attach.command.empty());
  const HeldTask held(request);
  Result<CommandResult> result = co_await exec(client, exec_request(request));
  if (result) {
    result->mode = Mode::run;
    result->task = held.task_arn;
    result->container = held.container;
    if (result->outcome == Outcome::exited) result->logs = LogState::complete;
    if (result->outcome == Outcome::not_started) co_await explain(client, held, *result);
  }
  co_await stop(client, held);
  co_return result;
}

}  // namespace ferry::feature
