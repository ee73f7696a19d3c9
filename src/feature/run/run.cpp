#include "feature/run/run.hpp"

#include "aws/ecs.hpp"
#include "feature/ending.hpp"
#include "feature/patience.hpp"
#include "feature/reader_wait.hpp"
#include "feature/run/going_tasks.hpp"
#include "feature/run/log_rereading.hpp"
#include "feature/run/plan.hpp"
#include "feature/run/revision_registration.hpp"
#include "feature/run/task_poller.hpp"
#include "feature/run/task_run.hpp"
#include "feature/run/task_starter.hpp"
#include "feature/run/unanswered_start.hpp"
#include "feature/run/watch.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"
#include "net/unless.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr milliseconds kPlanPatience = seconds(60);  // for reading calls that are throttled
constexpr milliseconds kLastWrite{500};              // for a reader, once the user waits for nothing

using TakeReport = std::function<void(RunReport)>;
using GoingTasks = std::vector<aws::ecs::Task>;

// The tasks of a run, in the order in which they were asked for. What ends is handed on in that order.
struct RunState {
  RunState(net::Loop& loop, TakeReport take_report)
      : interrupts(loop), finished(loop), hurried(loop), take(std::move(take_report)) {}

  struct Member {
    explicit Member(const RunSetting& setting, std::optional<aws::ecs::Task> going)
        : run(setting, std::move(going)) {}

    TaskRun run;
    std::optional<RunReport> report;
  };

  void hand_on();

  Instant began_at = net::steady_now();
  Interrupts interrupts;
  net::Event finished;  // every task, or the user's patience
  net::Event hurried;   // the latter
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
  RunReport report = co_await member.run.to_its_end();
  member.report = std::move(report);
  state.hand_on();
}

// At once, whatever call is under way. A session of the task says itself what an interrupt does to it.
void announce(const RunState& state, const RunOptions& options, RunObserver& observer) {
  if (state.members.empty() || options.detach_on_interrupt || options.attach) return;
  const auto has_stopped = [](const RunState::Member& member) {
    return member.report || member.run.has_stopped();
  };
  const bool is_one = state.members.size() == 1;
  std::string line = reason_of(state.interrupts);
  if (std::ranges::all_of(state.members, has_stopped)) {
    line += is_one ? ": the task has stopped, reading its last lines; interrupt again to leave them"
                   : ": the tasks have stopped, reading their last lines; interrupt again to leave them";
  } else if (state.interrupts.first_signal) {
    line += is_one ? ": stopping the task; interrupt again to leave it"
                   : ": stopping the tasks; interrupt again to leave them";
  } else {
    line += is_one ? ": stopping the task" : ": stopping the tasks";
  }
  observer.notice(line);
}

net::Task<> count_interrupts(net::Signals& signals, RunState& state, const RunOptions& options,
                             RunObserver& observer) {
  while (state.interrupts.count < 2) {
    const int number = co_await signals.next();
    if (!state.interrupts.first_signal) state.interrupts.first_signal = number;
    ++state.interrupts.count;
    if (state.interrupts.count == 1) announce(state, options, observer);
    state.interrupts.arrived.set();
  }
  state.hurried.set();
  state.finished.set();
}

net::Task<> count_cancel(net::Event& cancel, RunState& state, const RunOptions& options,
                         RunObserver& observer) {
  co_await cancel.wait();
  ++state.interrupts.count;
  if (state.interrupts.count == 1) announce(state, options, observer);
  state.interrupts.arrived.set();
}

net::Task<> count_seconds(net::Loop& loop, RunObserver& observer) {
  while (true) {
    co_await net::sleep_for(loop, seconds(1));
    observer.second_passed();
  }
}

// The user interrupted twice and waits for nothing.
RunReport left_at_once(const RunSetting& setting, const Interrupts& interrupts, const TaskRun& run) {
  const std::string& task_arn = run.task_arn();
  if (task_arn.empty() && setting.starter.unanswered().empty()) return interrupted_before_start(interrupts);
  if (task_arn.empty()) {
    return unanswered_report(reason_of(interrupts) + " before RunTask answered",
                             unanswered_start(setting.plan, setting.options, setting.starter.unanswered()));
  }
  RunReport report;
  report.task_arn = task_arn;
  if (run.has_stopped()) {
    report.result = run.result_without_last_lines();
    return report;
  }
  report.result.mode = Mode::run;
  report.result.task = task_arn;
  report.result.outcome = Outcome::interrupted;
  report.result.explanation = fmt::format("left: task {} may go on running; stop it with: {}", task_arn,
                                          stop_line(setting.options, task_arn));
  return report;
}

// The tasks beside each other, those that are going already first.
net::Task<> carry_out_all(const RunSetting& setting, RunState& state, net::TaskGroup& group,
                          GoingTasks going) {
  group.spawn(setting.poller.serve());
  group.spawn(setting.rereading.serve());
  setting.starter.serve(group);
  for (std::size_t index = 0; index < setting.options.count; ++index) {
    std::optional<aws::ecs::Task> its_own;
    if (index < going.size()) its_own = std::move(going[index]);
    state.members.emplace_back(setting, std::move(its_own));
  }
  for (RunState::Member& member : state.members) group.spawn(carry_out(state, member));
  co_await state.finished.wait();
}

// What the time limit means for the reader of the output: the last attempt's, where there is one.
Instant time_limit_of(const RunState& state, const RunOptions& options) {
  if (!options.timeout) return Instant::max();
  Instant latest = Instant::min();
  for (const RunState::Member& member : state.members) latest = std::max(latest, member.run.time_limit());
  return latest;
}

net::Task<> room(net::Loop& loop, RunState& state, const RunOptions& options, RunObserver& observer) {
  if (observer.output() == nullptr) co_return;
  co_await wait_for_reader(loop, *observer.output(), OutputStream::kFull, state.interrupts.arrived,
                           time_limit_of(state, options));
}

net::Task<bool> drain(net::Loop& loop, RunState& state, const RunOptions& options, OutputStream& output) {
  co_await wait_for_reader(loop, output, 0, state.interrupts.arrived, time_limit_of(state, options));
  co_return true;
}

// A user who has interrupted twice does not wait for the reader either, but what it takes at once it gets:
// the last line says how to stop the task.
net::Task<> write_the_rest(net::Loop& loop, RunState& state, const RunOptions& options,
                           OutputStream* output) {
  if (output == nullptr || output->waiting() == 0) co_return;
  const std::optional<bool> drained =
      co_await unless(loop, state.hurried, drain(loop, state, options, *output));
  if (drained) co_return;
  const Instant latest = net::steady_now() + kLastWrite;
  bool is_taking = true;
  while (is_taking && output->waiting() > 0) {
    output->progress().reset();
    is_taking = co_await output->progress().wait_until(latest);
  }
  if (output->waiting() > 0) output->give_up();
}

// What the user did not wait for.
void leave_the_rest(RunState& state, const RunSetting& setting) {
  for (RunState::Member& member : state.members) {
    if (!member.report) member.report = left_at_once(setting, state.interrupts, member.run);
  }
  state.hand_on();
}

// When the first attempt's time is over.
Instant first_limit(const RunState& state, const RunOptions& options) {
  return options.timeout ? state.began_at + *options.timeout : Instant::max();
}

struct Preparation {
  RunPlan plan;
  GoingTasks going;
};

// What is asked before anything is started, and can be given up at any time.
net::Task<Result<Preparation>> prepare(aws::Client& client, RunRequest request, bool rejoin,
                                       std::size_t count) {
  Preparation prepared;
  const std::string started_by = request.started_by;
  Result<RunPlan> plan = co_await plan_run(client, std::move(request));
  if (!plan) co_return fail(plan.error());
  prepared.plan = std::move(*plan);
  if (!rejoin) co_return prepared;
  Result<GoingTasks> going = co_await find_going_tasks(client, prepared.plan, started_by, count);
  if (!going) co_return fail(going.error());
  prepared.going = std::move(*going);
  co_return prepared;
}

// From the registration of a revision on there is something to clean up.
net::Task<Result<>> run_plan(aws::Client& client, Preparation prepared, const RunOptions& options,
                             RunState& state, RunObserver& observer) {
  RunPlan& plan = prepared.plan;
  Result<std::optional<EphemeralRevision>> revision = std::optional<EphemeralRevision>();
  if (prepared.going.size() < options.count) {
    net::Event& given_up = state.interrupts.arrived;
    std::optional<Result<std::optional<EphemeralRevision>>> revised =
        co_await unless_late(client.loop(), given_up, state.finished, first_limit(state, options),
                             kStartGrace, [&](net::Event& called_off) {
                               return revise(client, options.journal_folder, options.request.revision,
                                             plan.container, plan.definition, plan.input, called_off);
                             });
    // The journal knows what may have been registered, and the next command looks for it.
    if (!revised) co_return Result<>();
    revision = std::move(*revised);
    const bool is_late = net::steady_now() >= first_limit(state, options);
    const bool is_given_up = !revision && (revision.error().code == FailureCode::cancelled ||
                                           (is_late && may_have_been_carried_out(revision.error())));
    if (is_given_up) co_return Result<>();
  }
  if (!revision) co_return fail(revision.error());
  if (*revision) plan.described = aws::ecs::task_definition_from_json(plan.definition);
  if (state.interrupts.count == 0) {
    TaskStarter starter(client, plan.input, options.capacity, state.interrupts.arrived);
    TaskPoller poller(client, plan.cluster);
    LogRereading rereading(client, [&] { return room(client.loop(), state, options, observer); });
    const RunSetting setting{.client = client,
                             .plan = plan,
                             .options = options,
                             .observer = observer,
                             .interrupts = state.interrupts,
                             .starter = starter,
                             .poller = poller,
                             .rereading = rereading,
                             .began_at = state.began_at};
    net::TaskGroup group(client.loop());
    co_await carry_out_all(setting, state, group, std::move(prepared.going));
    group.cancel();
    co_await group.join();
    leave_the_rest(state, setting);
  }
  if (!*revision) co_return Result<>();
  const Result<> gone = co_await deregister(client, std::move(**revision));
  if (!gone) observer.notice(gone.error().line());
  co_return Result<>();
}

// Fails where there was nothing to start; ends without tasks where it was interrupted, or its time was over.
net::Task<Result<>> prepare_and_run(aws::Client& client, RunOptions& options, RunState& state,
                                    RunObserver& observer) {
  const Patience patience{
      .limit = kPlanPatience, .given_up = state.interrupts.arrived, .may_pass = was_throttled};
  net::Task<Result<Preparation>> preparing = patiently<Preparation>(patience, [&client, &options] {
    return prepare(client, options.request, options.rejoin, options.count);
  });
  std::optional<Result<Preparation>> prepared = co_await unless(
      client.loop(), state.interrupts.arrived, first_limit(state, options), std::move(preparing));
  if (!prepared) co_return Result<>();
  if (!*prepared) co_return fail(prepared->error());
  options.request.cluster = (*prepared)->plan.cluster;
  const std::string& choice = (*prepared)->plan.container_notice;
  if (!choice.empty()) observer.notice(choice);
  co_return co_await run_plan(client, std::move(**prepared), options, state, observer);
}

}  // namespace

net::Task<> run_several(aws::Client& client, RunOptions options, RunObserver& observer,
                        std::function<void(RunReport)> take) {
  if (options.attach) hold(options.request, *options.attach);
  net::Loop& loop = client.loop();
  std::optional<net::Signals> signals;
  RunState state(loop, std::move(take));
  state.began_at = options.began_at.value_or(state.began_at);
  net::TaskGroup watchers(loop);
  if (options.heeds_signals) {
    signals.emplace(loop, std::initializer_list<int>{SIGINT, SIGTERM, SIGHUP, SIGQUIT});
    watchers.spawn(count_interrupts(*signals, state, options, observer));
  }
  if (options.cancel != nullptr) watchers.spawn(count_cancel(*options.cancel, state, options, observer));
  watchers.spawn(count_seconds(loop, observer));
  const Result<> started = co_await prepare_and_run(client, options, state, observer);
  if (state.members.empty()) {
    const RunReport none = state.interrupts.count > 0 ? interrupted_before_start(state.interrupts)
                           : started                  ? timed_out_before_start(*options.timeout)
                                                      : not_started(started.error());
    for (std::size_t index = 0; index < options.count; ++index) state.take(none);
  }
  co_await write_the_rest(loop, state, options, observer.output());
  co_await write_the_rest(loop, state, options, observer.notices());
  watchers.cancel();
  co_await watchers.join();
}

net::Task<RunReport> run(aws::Client& client, RunOptions options, RunObserver& observer) {
  RunReport report;
  options.count = 1;
  co_await run_several(client, std::move(options), observer,
                       [&report](RunReport one) { report = std::move(one); });
  co_return report;
}

}  // namespace ferry::feature
