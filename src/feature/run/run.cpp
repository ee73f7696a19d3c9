#include "feature/run/run.hpp"

#include "aws/ecs.hpp"
#include "feature/run/going_tasks.hpp"
#include "feature/run/plan.hpp"
#include "feature/run/revision_registration.hpp"
#include "feature/run/task_poller.hpp"
#include "feature/run/task_run.hpp"
#include "feature/run/task_starter.hpp"
#include "feature/run/watch.hpp"
#include "net/loop.hpp"

#include <csignal>
#include <deque>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

using TakeReport = std::function<void(Result<RunReport>)>;

// The tasks of a run, in the order in which they were asked for. What ends is handed on in that order.
struct RunState {
  RunState(net::Loop& loop, TakeReport take_report)
      : interrupts(loop), finished(loop), take(std::move(take_report)) {}

  struct Member {
    TaskRun run;
    std::optional<Result<RunReport>> report;
  };

  void hand_on();

  Interrupts interrupts;
  net::Event finished;  // every task, or the user's patience
  std::deque<Member> members;
  std::size_t handed_on = 0;
  TakeReport take;
};

void RunState::hand_on() {
  while (handed_on < members.size() && members[handed_on].report) {
    take(std::move(*members[handed_on].report));
    ++handed_on;
  }
  if (handed_on == members.size()) finished.set();
}

net::Task<> carry_out(RunState& state, RunState::Member& member) {
  Result<RunReport> report = co_await member.run.to_its_end();
  member.report = std::move(report);
  state.hand_on();
}

net::Task<> count_interrupts(net::Signals& signals, RunState& state) {
  while (state.interrupts.count < 2) {
    const int number = co_await signals.next();
    if (!state.interrupts.first_signal) state.interrupts.first_signal = number;
    ++state.interrupts.count;
    state.interrupts.arrived.set();
  }
  state.finished.set();
}

net::Task<> count_cancel(net::Event& cancel, RunState& state) {
  co_await cancel.wait();
  ++state.interrupts.count;
  state.interrupts.arrived.set();
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

using GoingTasks = std::vector<aws::ecs::Task>;

// The tasks beside each other, those that are going already first.
net::Task<> carry_out_all(const RunSetting& setting, RunState& state, net::TaskGroup& group,
                          GoingTasks going) {
  group.spawn(setting.poller.serve());
  setting.starter.serve(group);
  for (std::size_t index = 0; index < setting.options.count; ++index) {
    std::optional<aws::ecs::Task> its_own;
    if (index < going.size()) its_own = std::move(going[index]);
    state.members.push_back({.run = TaskRun(setting, std::move(its_own)), .report = std::nullopt});
  }
  for (RunState::Member& member : state.members) group.spawn(carry_out(state, member));
  co_await state.finished.wait();
}

// What the user did not wait for.
void leave_the_rest(RunState& state, const RunOptions& options) {
  for (RunState::Member& member : state.members) {
    if (!member.report) member.report = left_at_once(options, member.run.task_arn());
  }
  state.hand_on();
}

net::Task<Result<>> run_plan(aws::Client& client, RunPlan plan, const RunOptions& options, GoingTasks going,
                             RunObserver& observer, TakeReport take) {
  net::Loop& loop = client.loop();
  std::optional<net::Signals> signals;
  RunState state(loop, std::move(take));
  net::TaskGroup group(loop);
  if (options.heeds_signals) {
    signals.emplace(loop, std::initializer_list<int>{SIGINT, SIGTERM, SIGHUP});
    group.spawn(count_interrupts(*signals, state));
  }
  if (options.cancel != nullptr) group.spawn(count_cancel(*options.cancel, state));
  group.spawn(count_seconds(loop, observer));
  // Before the revision is registered: from here on there is something to clean up.
  Result<std::optional<EphemeralRevision>> revision = std::optional<EphemeralRevision>();
  if (going.size() < options.count) {
    revision = co_await revise(client, options.journal_folder, options.request.revision, plan.container,
                               plan.definition, plan.input, state.interrupts.arrived);
  }
  const bool is_prepared = revision && state.interrupts.count == 0;
  if (is_prepared && *revision) plan.described = aws::ecs::task_definition_from_json(plan.definition);
  TaskStarter starter(client, plan.input, options.capacity);
  TaskPoller poller(client, plan.cluster);
  const RunSetting setting{.client = client,
                           .plan = plan,
                           .options = options,
                           .observer = observer,
                           .interrupts = state.interrupts,
                           .starter = starter,
                           .poller = poller};
  if (is_prepared) co_await carry_out_all(setting, state, group, std::move(going));
  group.cancel();
  co_await group.join();
  leave_the_rest(state, options);
  if (revision && *revision) {
    const Result<> gone = co_await deregister(client, std::move(**revision));
    if (!gone) observer.notice(gone.error().line());
  }
  if (!is_prepared && state.interrupts.count > 0) {
    for (std::size_t index = 0; index < options.count; ++index) state.take(interrupted_before_start());
  } else if (!revision) {
    co_return fail(revision.error());
  }
  co_return Result<>();
}

net::Task<Result<>> run_all(aws::Client& client, RunOptions options, RunObserver& observer, TakeReport take) {
  if (options.attach) hold(options.request, *options.attach);
  Result<RunPlan> plan = co_await plan_run(client, options.request);
  if (!plan) co_return fail(plan.error());
  options.request.cluster = plan->cluster;
  GoingTasks going;
  if (options.rejoin) {
    Result<GoingTasks> found =
        co_await find_going_tasks(client, *plan, options.request.started_by, options.count);
    if (!found) co_return fail(found.error());
    going = std::move(*found);
  }
  // Before this line an interrupt simply ends the process: nothing has been started.
  co_return co_await run_plan(client, std::move(*plan), options, std::move(going), observer, std::move(take));
}

RunReport not_started(const Failure& failure) {
  RunReport report;
  report.result.mode = Mode::run;
  report.result.outcome = Outcome::not_started;
  report.result.explanation = failure.line();
  return report;
}

}  // namespace

net::Task<Result<RunReport>> run(aws::Client& client, RunOptions options, RunObserver& observer) {
  std::optional<Result<RunReport>> report;
  options.count = 1;
  const Result<> ended = co_await run_all(client, std::move(options), observer,
                                          [&report](Result<RunReport> one) { report = std::move(one); });
  if (!ended) co_return fail(ended.error());
  co_return std::move(*report);
}

net::Task<Result<>> run_several(aws::Client& client, RunOptions options, RunObserver& observer,
                                std::function<void(RunReport)> take) {
  const auto take_any = [&take](Result<RunReport> report) {
    take(report ? std::move(*report) : not_started(report.error()));
  };
  Result<> ended = co_await run_all(client, std::move(options), observer, take_any);
  co_return ended;
}

}  // namespace ferry::feature
