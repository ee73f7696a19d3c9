#include "feature/run/task_run.hpp"

#include "aws/answer_reader.hpp"
#include "feature/near_targets.hpp"
#include "feature/one_word_command.hpp"
#include "feature/run/start_failure.hpp"
#include "feature/run/stop_reason.hpp"
#include "feature/task_wait.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// After an attempt that a passing cause has ended: the first pause, doubled with each attempt.
constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{60'000};

bool may_help(const Result<RunReport>& report, const std::vector<int>& retry_on_exit) {
  if (!report) return may_pass(report.error()) || may_start_later(report.error());
  const CommandResult& result = report->result;
  if (result.outcome == Outcome::exited && result.exit_code &&
      std::ranges::find(retry_on_exit, *result.exit_code) != retry_on_exit.end()) {
    return true;
  }
  return result.retryable.value_or(false);
}

// What stays as it is until somebody changes it.
bool cannot_help(const Failure& failure) {
  return failure.code == FailureCode::usage || failure.code == FailureCode::ambiguous ||
         failure.code == FailureCode::denied || failure.code == FailureCode::not_found;
}

}  // namespace

RunReport not_started(const Failure& failure) {
  RunReport report;
  report.result.mode = Mode::run;
  report.result.outcome = Outcome::not_started;
  report.result.explanation = failure.line();
  if (may_pass(failure) || may_start_later(failure)) {
    report.result.retryable = true;
  } else if (start_cause_of(failure) != nullptr || cannot_help(failure)) {
    report.result.retryable = false;
  }
  return report;
}

RunReport interrupted_before_start(const Interrupts& interrupts) {
  RunReport report;
  report.result.mode = Mode::run;
  report.result.outcome = Outcome::interrupted;
  report.result.explanation = reason_of(interrupts) + " before a task was started";
  return report;
}

RunReport timed_out_before_start(milliseconds time_limit) {
  RunReport report;
  report.result.mode = Mode::run;
  report.result.outcome = Outcome::timeout;
  report.result.explanation = fmt::format("the time limit of {:g} s was over before a task was started",
                                          static_cast<double>(time_limit.count()) / 1000);
  return report;
}

UnansweredStart unanswered_start(const RunPlan& plan, const RunOptions& options,
                                 std::vector<std::string> client_tokens) {
  return {.cluster = plan.cluster,
          .started_by = aws::text_in(plan.input, "startedBy"),
          .client_tokens = std::move(client_tokens),
          .connection_flags = options.connection_flags};
}

TaskRun::TaskRun(const RunSetting& setting, std::optional<aws::ecs::Task> going)
    : shared_(setting), going_(std::move(going)) {}

net::Task<RunReport> TaskRun::to_its_end() {
  while (true) {
    Result<RunReport> attempted = co_await attempt();
    if (!moves_on(attempted)) co_return report_of(std::move(attempted));
    co_await shared_.interrupts.arrived.wait_until(net::steady_now() + next_pause_);
    if (shared_.interrupts.count > 0) {
      RunReport report = report_of(std::move(attempted));
      report.result.outcome = Outcome::interrupted;
      report.result.exit_code.reset();
      report.result.exit_code_source.reset();
      report.result.explanation = reason_of(shared_.interrupts) + " before the next attempt";
      co_return report;
    }
    if (!task_arn_.empty()) shared_.observer.superseded(task_arn_);
    task_arn_.clear();
    watch_.reset();
  }
}

RunReport TaskRun::report_of(Result<RunReport> attempted) const {
  if (attempted) return std::move(*attempted);
  // RunTask was not made again because of the interrupt, or not made at all.
  const bool is_for_interrupt =
      shared_.interrupts.count > 0 && task_arn_.empty() &&
      (attempted.error().code == FailureCode::cancelled || attempted.error().code == FailureCode::throttled);
  const bool is_for_time = !is_for_interrupt && task_arn_.empty() && net::steady_now() >= time_limit_ &&
                           attempted.error().code == FailureCode::cancelled;
  RunReport report = is_for_interrupt ? interrupted_before_start(shared_.interrupts)
                     : is_for_time    ? timed_out_before_start(*shared_.options.timeout)
                                      : not_started(attempted.error());
  report.task_arn = task_arn_;
  report.result.task = task_arn_;
  report.result.cluster = shared_.plan.cluster;
  report.result.container = shared_.plan.container;
  return report;
}

net::Task<Result<RunReport>> TaskRun::attempt() {
  const auto& timeout = shared_.options.timeout;
  const Instant began_at = std::exchange(is_first_attempt_, false) ? shared_.began_at : net::steady_now();
  time_limit_ = timeout ? began_at + *timeout : Instant::max();
  if (going_) {
    aws::ecs::Task going = std::move(*std::exchange(going_, std::nullopt));
    co_return co_await rejoin(std::move(going));
  }
  StartedTask task = co_await shared_.starter.start(provider_, time_limit_);
  if (!task && !task.error().unanswered_token.empty()) co_return may_run(task.error());
  if (!task) {
    Target place{.kind = Target::Kind::service, .name = {}, .cluster = shared_.plan.cluster, .region = {}};
    Failure failure = task.error().failure;
    if (shared_.options.attach) failure = explain_refused_attach(failure);
    if (aws::ecs::error_of(failure) == aws::ecs::Error::cluster_not_found) {
      const std::optional<Failure> helpful =
          co_await unless(shared_.client.loop(), shared_.interrupts.arrived,
                          with_near_targets(shared_.client, std::move(place), failure));
      if (helpful) failure = *helpful;
    }
    co_return fail(std::move(failure));
  }
  task_arn_ = task->arn;
  shared_.observer.accepted(task_arn_);
  co_return co_await follow(std::move(*task), shared_.plan.described);
}

RunReport TaskRun::may_run(const NoTask& no_task) const {
  std::string why = no_task.failure.line();
  if (shared_.interrupts.count > 0) {
    why = reason_of(shared_.interrupts) + " before RunTask answered";
  } else if (no_task.failure.code == FailureCode::cancelled) {
    why = fmt::format("the time limit of {:g} s was over before RunTask answered",
                      static_cast<double>(shared_.options.timeout->count()) / 1000);
  }
  RunReport report = unanswered_report(
      std::move(why), unanswered_start(shared_.plan, shared_.options, {no_task.unanswered_token}));
  report.result.container = shared_.plan.container;
  return report;
}

// Its log may go elsewhere than the plan's: another revision of the family may be running.
net::Task<Result<RunReport>> TaskRun::rejoin(aws::ecs::Task task) {
  task_arn_ = task.arn;
  shared_.observer.found(task_arn_);
  if (task.task_definition_arn == shared_.plan.described.arn)
    co_return co_await follow(std::move(task), shared_.plan.described);
  std::optional<Result<aws::ecs::TaskDefinition>> its_own =
      co_await unless(shared_.client.loop(), shared_.interrupts.arrived, time_limit_,
                      aws::ecs::describe_task_definition(shared_.client, task.task_definition_arn));
  // Where there is no time for it, the task is still to be stopped.
  if (!its_own) co_return co_await follow(std::move(task), {});
  if (!*its_own) co_return fail(its_own->error().in(task_arn_));
  co_return co_await follow(std::move(task), std::move(**its_own));
}

net::Task<Result<RunReport>> TaskRun::follow(aws::ecs::Task task, aws::ecs::TaskDefinition definition) {
  RunReport report;
  report.task_arn = task_arn_;
  if (shared_.options.detach && shared_.interrupts.count == 0) {
    report.result.mode = Mode::run;
    report.result.cluster = task.cluster_name();
    report.result.task = task_arn_;
    report.result.container = shared_.plan.container;
    report.result.outcome = Outcome::detached;
    co_return report;
  }
  if (shared_.options.attach) co_return co_await enter();
  ContainerEnds ends(shared_.plan.container);
  ends.seen(task);
  watch_.emplace(shared_.client, shared_.options, shared_.interrupts, shared_.observer, shared_.poller,
                 shared_.rereading, time_limit_, task_arn_, std::move(ends), ContainerRoles(definition),
                 followed_logs(definition, task.id()));
  report.result = co_await watch_->follow();
  explain_one_word(shared_.options.request.change.command, CommandPlace::behind_entry_point, report.result);
  co_return report;
}

std::vector<FollowedLog> TaskRun::followed_logs(const aws::ecs::TaskDefinition& definition,
                                                const std::string& task_id) const {
  std::vector<FollowedLog> logs;
  for (const aws::ecs::ContainerDefinition& container : definition.containers) {
    if (!shared_.options.all_containers && container.name != shared_.plan.container) continue;
    logs.push_back({.container = container.name, .source = log_source(definition, container.name, task_id)});
  }
  return logs;
}

// The command in a session of the task, which is stopped afterwards.
net::Task<Result<RunReport>> TaskRun::enter() {
  RunObserver& observer = shared_.observer;
  AttachRequest request;
  request.cluster = shared_.plan.cluster;
  request.task_arn = task_arn_;
  request.container = shared_.plan.container;
  request.attach = *shared_.options.attach;
  request.attach.session.time_limit = shared_.options.timeout;
  if (shared_.options.timeout) request.attach.session.began_at = time_limit_ - *shared_.options.timeout;
  request.attach.session.notice = [&observer](std::string_view line) { observer.notice(line); };
  if (shared_.interrupts.count > 0) request.attach.session.cancel = &shared_.interrupts.arrived;
  request.status = [&observer, arn = task_arn_](std::string_view line) { observer.status(arn, line); };
  Result<CommandResult> result = co_await attach(shared_.client, std::move(request));
  if (!result) co_return fail(result.error());
  RunReport report;
  report.task_arn = task_arn_;
  report.result = std::move(*result);
  co_return report;
}

// Whether there is another attempt, which is then announced.
bool TaskRun::moves_on(const Result<RunReport>& report) {
  if (shared_.interrupts.count > 0) return false;
  const RunOptions& options = shared_.options;
  const std::string why = report ? report->result.explanation : report.error().line();
  const bool lacks_capacity = report ? is_capacity_end(report->result) : lacks_capacity_now(report.error());
  if (lacks_capacity && provider_ + 1 < options.capacity.size()) {
    ++provider_;
    next_pause_ = milliseconds(0);
    shared_.observer.notice(fmt::format("{}; trying {}", why, options.capacity[provider_]));
    return true;
  }
  if (retries_made_ >= options.retries || !may_help(report, options.retry_on_exit)) return false;
  ++retries_made_;
  next_pause_ = std::min(kLongestPause, kFirstPause * (1 << std::min(retries_made_ - 1, 6)));
  shared_.observer.notice(fmt::format("{}; retry {} of {}", why, retries_made_, options.retries));
  return true;
}

}  // namespace ferry::feature
