#include "feature/run/watch.hpp"

#include "base/size.hpp"
#include "feature/reader_wait.hpp"
#include "feature/run/explanation.hpp"
#include "feature/run/stop_reason.hpp"
#include "feature/task_stop.hpp"
#include "feature/task_wait.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"
#include "wire/command_line.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr milliseconds kUnknownTolerance{60'000};   // DescribeTasks may say MISSING for a while
constexpr milliseconds kFailureTolerance{300'000};  // a network cut is no reason to leave a task
// How long the log must stay silent after the stop, unless it says itself that it is complete: a platform
// that takes seconds to start a container may take seconds to bring its last lines.
constexpr milliseconds kSettleWindow{3'000};

std::string_view signal_name(int number) {
  switch (number) {
    case SIGTERM:
      return "SIGTERM";
    case SIGQUIT:
      return "SIGQUIT";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "SIGINT";
  }
}

bool has_started(std::string_view status) {
  return status != "PROVISIONING" && status != "PENDING" && status != "ACTIVATING";
}

}  // namespace

std::string reason_of(const Interrupts& interrupts) {
  if (!interrupts.first_signal) return "given up by the calling program";
  return fmt::format("interrupted by the user ({})", signal_name(*interrupts.first_signal));
}

std::string stop_line(const RunOptions& options, std::string_view task_arn) {
  std::string line = fmt::format("ferry stop --cluster {} {}", wire::quote_word(options.request.cluster),
                                 task_arn.substr(task_arn.rfind('/') + 1));
  if (!options.connection_flags.empty()) line += " " + options.connection_flags;
  return line;
}

RunWatch::RunWatch(aws::Client& client, const RunOptions& options, Interrupts& interrupts,
                   RunObserver& observer, TaskPoller& poller, LogRereading& rereading, Instant time_limit,
                   std::string task_arn, ContainerEnds ends, ContainerRoles roles,
                   std::vector<FollowedLog> logs)
    : client_(client),
      options_(options),
      interrupts_(interrupts),
      observer_(observer),
      poller_(poller),
      rereading_(rereading),
      task_arn_(std::move(task_arn)),
      ends_(std::move(ends)),
      roles_(std::move(roles)),
      time_limit_(time_limit),
      last_seen_at_(net::steady_now()),
      pacing_(last_seen_at_) {
  const LogListener listener{
      .events = [&observer, arn = task_arn_](
                    std::string_view of,
                    std::span<const aws::logs::Event> events) { observer.log(arn, of, events); },
      .notice = [&observer](std::string_view line) { observer.notice(line); },
      .room = {}};
  const std::size_t remembered = remembered_events(options.count * logs.size());
  logs_.reserve(logs.size());
  for (FollowedLog& log : logs)
    logs_.emplace_back(client, std::move(log.container), std::move(log.source), listener, remembered);
  if (!has_open_log()) pacing_.no_log();
}

net::Task<CommandResult> RunWatch::follow() {
  while (!done()) {
    if (is_read_once()) {
      co_await feature::read_again(client_.loop(), logs_, rereading_, log_start(*task_));
      continue;
    }
    const Step step = next_step(net::steady_now());
    co_await wait(next_wake(step));
    co_await take(step);
  }
  co_return left_ ? *left_ : verdict();
}

bool RunWatch::done() const {
  return left_ || (stopped_ && (!has_open_log() || observer_.exceeded(task_arn_)));
}

bool RunWatch::has_open_log() const {
  return std::ranges::any_of(logs_, &ContainerLog::is_open);
}

// The task has stopped, and nothing is left but the second reading.
bool RunWatch::is_read_once() const {
  return stopped_ && std::ranges::all_of(
                         logs_, [](const ContainerLog& log) { return !log.is_open() || log.is_read_once(); });
}

bool RunWatch::is_output_full() const {
  const OutputStream* output = observer_.output();
  return output != nullptr && output->is_full();
}

// After the stop it is the reading that waits for room.
bool RunWatch::wants_log() const {
  return !observer_.exceeded(task_arn_) && (stopped_ || !is_output_full());
}

// Less than that where an interrupt comes, or room in a full output.
net::Task<> RunWatch::wait(Instant wake) {
  if (!may_stop()) {
    co_await net::sleep_until(client_.loop(), wake);
  } else if (is_output_full()) {
    net::Task<bool> room = observer_.output()->room_until(wake);
    co_await unless(client_.loop(), interrupts_.arrived, std::move(room));
  } else {
    co_await interrupts_.arrived.wait_until(wake);
  }
}

// The pacing's reads go round the logs.
ContainerLog* RunWatch::next_in_turn() {
  for (std::size_t count = 0; count < logs_.size(); ++count) {
    ContainerLog& log = logs_[turn_++ % logs_.size()];
    if (log.is_open()) return &log;
  }
  return nullptr;
}

RunWatch::Step RunWatch::next_step(Instant now) {
  Step continuation{.due = Instant::max(), .reads_log = true};
  for (ContainerLog& log : logs_) {
    const std::optional<Instant> due = log.due();
    if (!wants_log()) continue;
    if (due && *due < continuation.due) {
      continuation.due = *due;
      continuation.continued = &log;
    }
  }
  if (stopped_ && continuation.continued != nullptr) return continuation;
  const RunPacing::Step paced = pacing_.next();
  // The look goes first once it is due: a log that never pauses must not hide the task's end.
  if (continuation.continued != nullptr && now < paced.due) return continuation;
  return {.due = paced.due, .reads_log = paced.reads_log};
}

Instant RunWatch::next_wake(const Step& step) const {
  Instant wake = step.due;
  if (stop_deadline_) wake = std::min(wake, *stop_deadline_);
  if (may_stop()) wake = std::min(wake, time_limit_);
  if (may_stop() && observer_.exceeded(task_arn_)) wake = net::steady_now();
  return wake;
}

// What the moment asks for: a stop, the end of our patience, or the planned calls.
net::Task<> RunWatch::take(Step step) {
  const Instant now = net::steady_now();
  if (may_stop() && interrupts_.count > 0) {
    co_await stop(StopCause::interrupt);
  } else if (may_stop() && observer_.exceeded(task_arn_)) {
    co_await stop(StopCause::too_much_output);
  } else if (may_stop() && now >= time_limit_) {
    co_await stop(StopCause::timeout);
  } else if (stop_deadline_ && now >= *stop_deadline_) {
    leave_running(outcome_of_stop(), "it was told to stop and has not stopped in 3 minutes");
  } else if (now >= step.due) {
    co_await make_calls(step);
  }
}

// A service that hangs must not keep the task from being stopped.
net::Task<> RunWatch::make_calls(Step step) {
  net::Task<Done> calls = step.continued != nullptr ? continue_log(*step.continued) : look(step.reads_log);
  if (may_stop()) {
    co_await unless(client_.loop(), interrupts_.arrived, time_limit_, std::move(calls));
  } else {
    net::Event never(client_.loop());
    co_await unless(client_.loop(), never, stop_deadline_.value_or(Instant::max()), std::move(calls));
  }
}

net::Task<RunWatch::Done> RunWatch::look(bool reads_log) {
  const bool was_answered = co_await describe();
  if (!was_answered) {
    pacing_.refused(net::steady_now());
    co_return Done{};
  }
  const bool may_read = reads_log && !stopped_ && !left_ && wants_log();
  ContainerLog* log = may_read ? next_in_turn() : nullptr;
  if (log == nullptr) {
    pacing_.taken(net::steady_now(), RunPacing::Log::not_read);
    co_return Done{};
  }
  const LogRead became = co_await read(*log);
  const Instant now = net::steady_now();
  if (became == LogRead::refused) {
    pacing_.refused(now);
  } else {
    pacing_.taken(
        now, became == LogRead::brought_events ? RunPacing::Log::brought_events : RunPacing::Log::silent);
  }
  co_return Done{};
}

net::Task<RunWatch::Done> RunWatch::continue_log(ContainerLog& log) {
  co_await read(log);
  co_return Done{};
}

net::Task<bool> RunWatch::describe() {
  Result<std::optional<aws::ecs::Task>> task = co_await poller_.describe(task_arn_);
  if (!task) {
    not_seen(task.error(), may_pass(task.error()) ? kFailureTolerance : milliseconds(0));
    co_return false;
  }
  if (*task) {
    seen(std::move(**task));
  } else {
    Failure unknown;
    unknown.code = FailureCode::not_found;
    unknown.what = "ECS does not know the task (MISSING)";
    not_seen(unknown, kUnknownTolerance);
  }
  co_return true;
}

void RunWatch::seen(aws::ecs::Task task) {
  last_seen_at_ = net::steady_now();
  const std::string phase = task.last_status + (is_pulling(task) ? ", pulling the image" : "");
  if (std::exchange(shown_phase_, phase) != phase) observer_.status(task_arn_, phase);
  if (has_open_log() && has_started(task.last_status)) pacing_.running();
  ends_.seen(task);
  if (is_ending(task, roles_)) pacing_.ending();
  task_ = std::move(task);
  if (task_->last_status != "STOPPED" && task_->last_status != "DELETED") return;
  stopped_ = true;
  stop_deadline_.reset();
  for (ContainerLog& log : logs_) {
    if (never_ran(*task_, log.container())) log.never_ran();
    if (log.is_open()) log.task_stopped(last_seen_at_, kSettleWindow);
  }
}

void RunWatch::not_seen(const Failure& failure, milliseconds tolerance) {
  if (net::steady_now() - last_seen_at_ >= tolerance) {
    leave_running(Outcome::lost, failure.line());
  } else if (failure.code != FailureCode::not_found && poller_.is_news_of_failure()) {
    observer_.notice(fmt::format("{}; going on trying", failure.line()));
  }
}

net::Task<LogRead> RunWatch::read(ContainerLog& log) {
  if (stopped_ && is_output_full()) {
    const Instant limit = stop_cause_ == StopCause::timeout ? net::steady_now() : time_limit_;
    co_await wait_for_reader(client_.loop(), *observer_.output(), OutputStream::kFull, interrupts_.arrived,
                             limit);
  }
  const LogRead became = co_await log.read();
  if (!has_open_log()) pacing_.no_log();
  co_return became;
}

// That of the chosen container, or of several the one that says least.
std::optional<LogState> RunWatch::log_state() const {
  std::optional<LogState> state;
  for (const ContainerLog& log : logs_) {
    if (log.container() == ends_.container()) return log.state();
    if (log.state() == LogState::unavailable) return LogState::unavailable;
    if (log.state() && state != LogState::settled) state = log.state();
  }
  return state;
}

net::Task<> RunWatch::stop(StopCause cause) {
  stop_cause_ = cause;
  if (cause == StopCause::interrupt && options_.detach_on_interrupt) {
    leave_running(Outcome::interrupted, "left at the interrupt");
    co_return;
  }
  std::string why;
  if (cause == StopCause::interrupt) {
    why = reason_of(interrupts_);
  } else if (cause == StopCause::timeout) {
    why = fmt::format("the time limit of {:g} s is over",
                      static_cast<double>(options_.timeout->count()) / 1000);
  } else {
    why = too_much_output();
  }
  if (cause != StopCause::interrupt)
    observer_.notice(fmt::format("{}: stopping the task{}", why, options_.count > 1 ? " " + task_arn_ : ""));
  stop_deadline_ = net::steady_now() + kLongestStop;
  net::Event never(client_.loop());
  const Result<aws::ecs::Task> answer = co_await stop_task_patiently(
      client_, options_.request.cluster, task_arn_, "ferry run: " + why, kLongestStop, never);
  if (!answer) {
    leave_running(outcome_of_stop(), answer.error().line());
    co_return;
  }
  const Instant now = net::steady_now();
  stop_deadline_ = now + kLongestStop;
  pacing_.hurry(now);
}

Outcome RunWatch::outcome_of_stop() const {
  if (stop_cause_ == StopCause::timeout) return Outcome::timeout;
  return stop_cause_ == StopCause::interrupt ? Outcome::interrupted : Outcome::unknown;
}

std::string RunWatch::too_much_output() const {
  return fmt::format("more output than {}, the limit of what is kept",
                     size_text(observer_.exceeded(task_arn_).value_or(0)));
}

void RunWatch::leave_running(Outcome outcome, std::string_view why) {
  CommandResult result;
  result.mode = Mode::run;
  result.task = task_arn_;
  result.container = ends_.container();
  if (task_) result.cluster = task_->cluster_name();
  result.outcome = outcome;
  result.explanation = fmt::format("{}: task {} may go on running; stop it with: {}", why, task_arn_,
                                   stop_line(options_, task_arn_));
  result.logs = log_state();
  left_ = std::move(result);
}

CommandResult RunWatch::verdict() const {
  CommandResult result = result_of(*task_, ends_, roles_);
  result.logs = log_state();
  const bool ended_by_us = task_->stop_code == "UserInitiated";
  if (stop_cause_ == StopCause::timeout && (ended_by_us || result.outcome != Outcome::exited)) {
    result.outcome = Outcome::timeout;
    result.explanation = fmt::format("the time limit of {:g} s was over, and the task was stopped",
                                     static_cast<double>(options_.timeout->count()) / 1000);
  } else if (stop_cause_ == StopCause::interrupt) {
    result.outcome = Outcome::interrupted;
    result.explanation = fmt::format("{}, and the task was stopped", reason_of(interrupts_));
  } else if (observer_.exceeded(task_arn_)) {
    result.outcome = Outcome::unknown;
    result.explanation = too_much_output();
    if (stop_cause_ == StopCause::too_much_output) result.explanation += ": the task was stopped";
    result.retryable = false;
    result.logs = LogState::unavailable;
  } else {
    return result;
  }
  result.exit_code.reset();
  result.exit_code_source.reset();
  return result;
}

CommandResult RunWatch::result_without_last_lines() const {
  CommandResult result = verdict();
  if (has_open_log()) result.logs = LogState::unavailable;
  return result;
}

}  // namespace ferry::feature
