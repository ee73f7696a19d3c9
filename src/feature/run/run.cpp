#include "feature/run/run.hpp"

#include "aws/ecs.hpp"
#include "feature/run/stop_reason.hpp"
#include "feature/run/watch.hpp"
#include "net/loop.hpp"

#include <csignal>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// What is known before anything is started.
struct Prepared {
  aws::ecs::TaskDefinition definition;
  std::string container;
  boost::json::object input;
};

// What the children of one run share.
struct RunState {
  explicit RunState(net::Loop& loop) : interrupts(loop), finished(loop) {}

  Interrupts interrupts;
  net::Event finished;
  std::string task_arn;  // from RunTask's answer on
  std::optional<Result<RunReport>> report;
};

net::Task<Result<Prepared>> prepare(aws::Client& client, const RunOptions& options) {
  Result<aws::ecs::TaskDefinition> definition =
      co_await aws::ecs::describe_task_definition(client, options.request.task_definition);
  if (!definition) co_return fail(definition.error().in(options.request.task_definition));
  Result<std::string> container = choose_container(*definition, options.request);
  if (!container) co_return fail(container.error());
  Result<boost::json::object> input = run_task_input(options.request, *container, options.client_token);
  if (!input) co_return fail(input.error());
  co_return Prepared{
      .definition = std::move(*definition), .container = std::move(*container), .input = std::move(*input)};
}

Result<std::string> accepted_task(const Result<aws::ecs::DescribedTasks>& answer) {
  if (!answer) return fail(answer.error());
  if (!answer->tasks.empty()) return answer->tasks.front().arn;
  const aws::ecs::ServiceFailure none;
  return fail(FailureCode::refused,
              explain_placement(answer->failures.empty() ? none : answer->failures.front()));
}

net::Task<Result<RunReport>> start_and_watch(aws::Client& client, const Prepared& prepared,
                                             const RunOptions& options, RunObserver& observer,
                                             RunState& state) {
  const Result<aws::ecs::DescribedTasks> answer = co_await aws::ecs::run_task(client, prepared.input);
  Result<std::string> arn = accepted_task(answer);
  if (!arn) co_return fail(arn.error());
  state.task_arn = *arn;
  observer.accepted(*arn);
  RunReport report;
  report.task_arn = *arn;
  if (options.detach && state.interrupts.count == 0) {
    report.result.mode = Mode::run;
    report.result.task = *arn;
    report.result.container = prepared.container;
    report.result.outcome = Outcome::detached;
    co_return report;
  }
  LogSource log = log_source(prepared.definition, prepared.container, answer->tasks.front().id());
  RunWatch watch(client, options, state.interrupts, observer, *arn, prepared.container, std::move(log));
  report.result = co_await watch.follow();
  co_return report;
}

net::Task<> carry_out(aws::Client& client, const Prepared& prepared, const RunOptions& options,
                      RunObserver& observer, RunState& state) {
  Result<RunReport> report = co_await start_and_watch(client, prepared, options, observer, state);
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

}  // namespace

net::Task<Result<RunReport>> run(aws::Client& client, RunOptions options, RunObserver& observer) {
  const Result<Prepared> prepared = co_await prepare(client, options);
  if (!prepared) co_return fail(prepared.error());

  // Before this line an interrupt simply ends the process: nothing has been started.
  net::Loop& loop = client.loop();
  net::Signals signals(loop, {SIGINT, SIGTERM, SIGHUP});
  RunState state(loop);
  net::TaskGroup group(loop);
  group.spawn(count_interrupts(signals, state));
  group.spawn(count_seconds(loop, observer));
  group.spawn(carry_out(client, *prepared, options, observer, state));
  co_await state.finished.wait();
  group.cancel();
  co_await group.join();
  if (state.report) co_return std::move(*state.report);
  co_return left_at_once(options, state.task_arn);
}

}  // namespace ferry::feature
