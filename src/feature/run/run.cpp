#include "feature/run/run.hpp"

#include "aws/ecs.hpp"
#include "feature/run/plan.hpp"
#include "feature/run/revision_registration.hpp"
#include "feature/run/stop_reason.hpp"
#include "feature/run/watch.hpp"
#include "feature/task_wait.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

// After an attempt that a passing cause has ended: the first pause, doubled with each attempt.
constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{60'000};

// What the children of one run share.
struct RunState {
  explicit RunState(net::Loop& loop) : interrupts(loop), finished(loop) {}

  Interrupts interrupts;
  net::Event finished;
  std::string task_arn;  // from RunTask's answer on, of the present attempt
  std::optional<Result<RunReport>> report;
};

// One run: its attempts, one after the other.
class Run {
 public:
  Run(aws::Client& client, const RunPlan& plan, const RunOptions& options, RunObserver& observer,
      RunState& state)
      : client_(client), plan_(plan), options_(options), observer_(observer), state_(state) {}

  net::Task<Result<RunReport>> to_its_end();

 private:
  [[nodiscard]] boost::json::object attempt_input() const;
  [[nodiscard]] std::vector<FollowedLog> followed_logs(const std::string& task_id) const;
  net::Task<Result<RunReport>> attempt();
  net::Task<Result<RunReport>> enter(std::string task_arn);
  [[nodiscard]] bool moves_on(const Result<RunReport>& report);
  net::Task<> pause();

  aws::Client& client_;
  const RunPlan& plan_;
  const RunOptions& options_;
  RunObserver& observer_;
  RunState& state_;
  std::size_t provider_ = 0;  // of the capacity to try
  int retries_made_ = 0;
  milliseconds next_pause_{0};
};

net::Task<Result<RunReport>> Run::to_its_end() {
  while (true) {
    Result<RunReport> report = co_await attempt();
    if (!moves_on(report)) co_return report;
    co_await pause();
    if (state_.interrupts.count > 0) co_return report;
    state_.task_arn.clear();
  }
}

// The token makes a lost answer safe to ask for again: one for each task that is wanted.
boost::json::object Run::attempt_input() const {
  boost::json::object input = plan_.input;
  input["count"] = 1;
  input["clientToken"] = sys::random_uuid();
  if (!options_.capacity.empty()) {
    input.erase("launchType");
    input["capacityProviderStrategy"] = boost::json::array{
        boost::json::object{{"capacityProvider", options_.capacity[provider_]}, {"weight", 1}}};
  }
  return input;
}

Result<std::string> accepted_task(const Result<aws::ecs::DescribedTasks>& answer) {
  if (!answer) return fail(answer.error());
  if (!answer->tasks.empty()) return answer->tasks.front().arn;
  const aws::ecs::ServiceFailure none;
  const aws::ecs::ServiceFailure& why = answer->failures.empty() ? none : answer->failures.front();
  Failure failure;
  failure.code = FailureCode::refused;
  failure.what = explain_placement(why);
  failure.service_code = why.reason;
  return fail(std::move(failure));
}

std::vector<FollowedLog> Run::followed_logs(const std::string& task_id) const {
  std::vector<FollowedLog> logs;
  for (const aws::ecs::ContainerDefinition& container : plan_.described.containers) {
    if (!options_.all_containers && container.name != plan_.container) continue;
    logs.push_back(
        {.container = container.name, .source = log_source(plan_.described, container.name, task_id)});
  }
  return logs;
}

net::Task<Result<RunReport>> Run::attempt() {
  const Result<aws::ecs::DescribedTasks> answer = co_await aws::ecs::run_task(client_, attempt_input());
  Result<std::string> arn = accepted_task(answer);
  if (!arn) co_return fail(options_.attach ? explain_refused_attach(arn.error()) : arn.error());
  state_.task_arn = *arn;
  observer_.accepted(*arn);
  RunReport report;
  report.task_arn = *arn;
  if (options_.detach && state_.interrupts.count == 0) {
    report.result.mode = Mode::run;
    report.result.task = *arn;
    report.result.container = plan_.container;
    report.result.outcome = Outcome::detached;
    co_return report;
  }
  if (options_.attach) {
    Result<RunReport> entered = co_await enter(*arn);
    co_return entered;
  }
  RunWatch watch(client_, options_, state_.interrupts, observer_, *arn, plan_.container,
                 followed_logs(answer->tasks.front().id()));
  report.result = co_await watch.follow();
  co_return report;
}

// The command in a session of the task, which is stopped afterwards.
net::Task<Result<RunReport>> Run::enter(std::string task_arn) {
  AttachRequest request;
  request.cluster = plan_.cluster;
  request.task_arn = task_arn;
  request.container = plan_.container;
  request.attach = *options_.attach;
  request.attach.session.time_limit = options_.timeout;
  request.attach.session.notice = [this](std::string_view line) { observer_.notice(line); };
  if (state_.interrupts.count > 0) request.attach.session.cancel = &state_.interrupts.arrived;
  request.status = [this](std::string_view line) { observer_.status(line); };
  Result<CommandResult> result = co_await attach(client_, std::move(request));
  if (!result) co_return fail(result.error());
  RunReport report;
  report.task_arn = std::move(task_arn);
  report.result = std::move(*result);
  co_return report;
}

bool may_help(const Result<RunReport>& report, const std::vector<int>& retry_on_exit) {
  if (!report) return may_pass(report.error()) || is_passing_placement(report.error());
  const CommandResult& result = report->result;
  if (result.outcome == Outcome::exited && result.exit_code &&
      std::ranges::find(retry_on_exit, *result.exit_code) != retry_on_exit.end()) {
    return true;
  }
  return result.retryable.value_or(false);
}

// Whether there is another attempt, which is then announced.
bool Run::moves_on(const Result<RunReport>& report) {
  if (state_.interrupts.count > 0) return false;
  const std::string why = report ? report->result.explanation : report.error().line();
  const bool lacks_capacity = report ? is_capacity_end(report->result) : is_capacity_failure(report.error());
  if (lacks_capacity && provider_ + 1 < options_.capacity.size()) {
    ++provider_;
    next_pause_ = milliseconds(0);
    observer_.notice(fmt::format("{}; trying {}", why, options_.capacity[provider_]));
    return true;
  }
  if (retries_made_ >= options_.retries || !may_help(report, options_.retry_on_exit)) return false;
  ++retries_made_;
  next_pause_ = std::min(kLongestPause, kFirstPause * (1 << std::min(retries_made_ - 1, 6)));
  observer_.notice(fmt::format("{}; retry {} of {}", why, retries_made_, options_.retries));
  return true;
}

net::Task<> Run::pause() {
  co_await state_.interrupts.arrived.wait_until(net::steady_now() + next_pause_);
}

net::Task<> carry_out(aws::Client& client, const RunPlan& plan, const RunOptions& options,
                      RunObserver& observer, RunState& state) {
  Run run(client, plan, options, observer, state);
  Result<RunReport> report = co_await run.to_its_end();
  state.report = std::move(report);
  state.finished.set();
}

net::Task<> count_interrupts(net::Signals& signals, RunState& state) {
  while (state.interrupts.count < 2) {
    const int number = co_await signals.next();
    if (state.interrupts.count == 0) state.interrupts.first_signal = number;
    ++state.interrupts.count;
    state.interrupts.arrived.set();
  }
  state.finished.set();
}

net::Task<> count_seconds(net::Loop& loop, RunObserver& observer) {
  while (true) {
    co_await net::sleep_for(loop, seconds(1));
    observer.second_passed();
  }
}

RunReport interrupted_before_start() {
  RunReport report;
  report.result.mode = Mode::run;
  report.result.outcome = Outcome::interrupted;
  report.result.explanation = "interrupted before a task was started";
  return report;
}

// The user interrupted twice and waits for nothing.
RunReport left_at_once(const RunOptions& options, const std::string& task_arn) {
  RunReport report;
  report.task_arn = task_arn;
  report.result.mode = Mode::run;
  report.result.task = task_arn;
  report.result.outcome = Outcome::interrupted;
  report.result.explanation =
      task_arn.empty() ? fmt::format("interrupted before RunTask answered: a task started by '{}' may run",
                                     options.request.started_by)
                       : fmt::format("left: task {} may go on running; stop it with: {}", task_arn,
                                     stop_line(options, task_arn));
  return report;
}

net::Task<Result<RunReport>> run_plan(aws::Client& client, RunPlan plan, RunOptions options,
                                      RunObserver& observer) {
  net::Loop& loop = client.loop();
  net::Signals signals(loop, {SIGINT, SIGTERM, SIGHUP});
  RunState state(loop);
  net::TaskGroup group(loop);
  group.spawn(count_interrupts(signals, state));
  group.spawn(count_seconds(loop, observer));
  // Before the revision is registered: from here on there is something to clean up.
  Result<std::optional<EphemeralRevision>> revision =
      co_await revise(client, options.journal_folder, options.request.revision, plan.container,
                      plan.definition, plan.input, state.interrupts.arrived);
  if (state.interrupts.count > 0) {
    state.report = interrupted_before_start();
  } else if (revision) {
    if (*revision) plan.described = aws::ecs::task_definition_from_json(plan.definition);
    group.spawn(carry_out(client, plan, options, observer, state));
    co_await state.finished.wait();
  }
  group.cancel();
  co_await group.join();
  if (!revision && !state.report) co_return fail(revision.error());
  if (revision && *revision) {
    const Result<> gone = co_await deregister(client, std::move(**revision));
    if (!gone) observer.notice(gone.error().line());
  }
  if (state.report) co_return std::move(*state.report);
  co_return left_at_once(options, state.task_arn);
}

}  // namespace

net::Task<Result<RunReport>> run(aws::Client& client, RunOptions options, RunObserver& observer) {
  if (options.attach) hold(options.request, *options.attach);
  Result<RunPlan> plan = co_await plan_run(client, options.request);
  if (!plan) co_return fail(plan.error());
  options.request.cluster = plan->cluster;
  // Before this line an interrupt simply ends the process: nothing has been started.
  co_return co_await run_plan(client, std::move(*plan), std::move(options), observer);
}

}  // namespace ferry::feature
