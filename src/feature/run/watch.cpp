#include "feature/run/watch.hpp"

#include "feature/run/explanation.hpp"
#include "feature/run/stop_reason.hpp"
#include "feature/task_wait.hpp"
#include "net/clock.hpp"
#include "wire/command_line.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr milliseconds kUnknownTolerance{60'000};   // DescribeTasks may say MISSING for a while
constexpr milliseconds kFailureTolerance{300'000};  // a network cut is no reason to leave a task
// How long the log must stay silent after the stop, unless it says itself that it is complete: a platform
// that takes seconds to start a container may take seconds to bring its last lines.
constexpr milliseconds kSettleWindow{3'000};
constexpr milliseconds kStopTolerance{180'000};  // stopTimeout is at most 120 s, then the network goes

std::string_view signal_name(int number) {
  switch (number) {
    case SIGTERM:
      return "SIGTERM";
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

std::string stop_line(const RunOptions& options, std::string_view task_arn) {
  const boost::json::object input{{"cluster", options.request.cluster}, {"task", task_arn}};
  std::string line = "ferry api";
  if (!options.connection_flags.empty()) line += " " + options.connection_flags;
  return line + " ecs StopTask " + wire::quote_word(boost::json::serialize(input));
}

RunWatch::RunWatch(aws::Client& client, const RunOptions& options, Interrupts& interrupts,
                   RunObserver& observer, TaskPoller& poller, std::string task_arn, std::string container,
                   std::vector<FollowedLog> logs)
    : client_(client),
      options_(options),
      interrupts_(interrupts),
      observer_(observer),
      poller_(poller),
      task_arn_(std::move(task_arn)),
      container_(std::move(container)),
      accepted_at_(net::steady_now()),
      last_seen_at_(accepted_at_),
      pacing_(accepted_at_) {
  const LogListener listener{
      .events = [&observer, arn = task_arn_](
                    std::string_view of,
                    std::span<const aws::logs::Event> events) { observer.log(arn, of, events); },
      .notice = [&observer](std::string_view line) { observer.notice(line); }};
  logs_.reserve(logs.size());
  for (FollowedLog& log : logs)
    logs_.emplace_back(client, std::move(log.container), std::move(log.source), listener);
  if (!has_open_log()) pacing_.no_log();
}

net::Task<CommandResult> RunWatch::follow() {
  while (!done()) {
    const Step step = next_step(net::steady_now());
    if (may_stop()) {
      co_await interrupts_.arrived.wait_until(next_wake(step));
    } else {
      co_await net::sleep_until(client_.loop(), next_wake(step));
    }
    co_await take(step);
  }
  co_return left_ ? *left_ : verdict();
}

bool RunWatch::done() const {
  return left_ || (stopped_ && !has_open_log());
}

bool RunWatch::has_open_log() const {
  return std::ranges::any_of(logs_, &ContainerLog::is_open);
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
  Step own{.call = RunPacing::Call::read_log, .due = Instant::max(), .paced = false};
  for (ContainerLog& log : logs_) {
    const std::optional<Instant> due = log.due();
    if (due && *due < own.due) {
      own.due = *due;
      own.log = &log;
    }
  }
  if (stopped_ && own.log != nullptr) return own;
  const RunPacing::Step paced = pacing_.next();
  // The paced call goes first once it is due: a log that never pauses must not hide the task's end.
  if (own.log != nullptr && now < paced.due) return own;
  return {.call = paced.call, .due = paced.due, .paced = true};
}

Instant RunWatch::next_wake(const Step& step) const {
  Instant wake = step.due;
  if (stop_deadline_) wake = std::min(wake, *stop_deadline_);
  if (options_.timeout && may_stop()) wake = std::min(wake, accepted_at_ + *options_.timeout);
  return wake;
}

// What the moment asks for: a stop, the end of our patience, or the planned call.
net::Task<> RunWatch::take(Step step) {
  const Instant now = net::steady_now();
  if (may_stop() && interrupts_.count > 0) {
    co_await stop(StopCause::interrupt);
  } else if (may_stop() && options_.timeout && now >= accepted_at_ + *options_.timeout) {
    co_await stop(StopCause::timeout);
  } else if (stop_deadline_ && now >= *stop_deadline_) {
    const Outcome outcome = stop_cause_ == StopCause::timeout ? Outcome::timeout : Outcome::interrupted;
    leave_running(outcome, "it was told to stop and has not stopped in 3 minutes");
  } else if (now >= step.due && step.call == RunPacing::Call::describe_task) {
    co_await describe();
  } else if (now >= step.due) {
    co_await read_log(step);
  }
}

net::Task<> RunWatch::describe() {
  Result<std::optional<aws::ecs::Task>> task = co_await poller_.describe(task_arn_);
  if (!task && may_pass(task.error())) {
    pacing_.refused(net::steady_now());
    not_seen(task.error(), kFailureTolerance);
  } else if (!task) {
    not_seen(task.error(), milliseconds(0));
  } else if (!*task) {
    pacing_.described(net::steady_now());
    Failure unknown;
    unknown.code = FailureCode::not_found;
    unknown.what = "ECS does not know the task (MISSING)";
    not_seen(unknown, kUnknownTolerance);
  } else {
    pacing_.described(net::steady_now());
    seen(std::move(**task));
  }
}

void RunWatch::seen(aws::ecs::Task task) {
  last_seen_at_ = net::steady_now();
  const std::string phase = task.last_status + (is_pulling(task) ? ", pulling the image" : "");
  if (std::exchange(shown_phase_, phase) != phase) observer_.status(task_arn_, phase);
  if (has_open_log() && has_started(task.last_status)) pacing_.running();
  task_ = std::move(task);
  if (task_->last_status != "STOPPED" && task_->last_status != "DELETED") return;
  stopped_ = true;
  stop_deadline_.reset();
  const bool never_ran = result_of(*task_, container_).outcome == Outcome::not_started;
  for (ContainerLog& log : logs_) {
    if (never_ran) log.never_ran();
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

net::Task<> RunWatch::read_log(Step step) {
  ContainerLog* log = step.log == nullptr ? next_in_turn() : step.log;
  if (log == nullptr) {
    pacing_.no_log();
    co_return;
  }
  const LogRead read = co_await log->read();
  const Instant now = net::steady_now();
  if (step.paced && read == LogRead::refused) {
    pacing_.refused(now);
  } else if (step.paced) {
    pacing_.log_read(now, read == LogRead::brought_events);
  }
  if (!has_open_log()) pacing_.no_log();
}

// Of several logs, what holds for all of them.
std::optional<LogState> RunWatch::log_state() const {
  std::optional<LogState> state;
  for (const ContainerLog& log : logs_) {
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
  const std::string why =
      cause == StopCause::timeout ? fmt::format("the time limit of {:g} s is over",
                                                static_cast<double>(options_.timeout->count()) / 1000)
      : interrupts_.first_signal
          ? fmt::format("interrupted by the user ({})", signal_name(*interrupts_.first_signal))
          : "given up by the calling program";
  if (cause == StopCause::timeout) {
    observer_.notice(fmt::format("{}: stopping the task{}", why, options_.count > 1 ? " " + task_arn_ : ""));
  } else if (!std::exchange(interrupts_.announced, true)) {
    const bool is_one = options_.count == 1;
    std::string line = fmt::format("{}: stopping {}", why, is_one ? "the task" : "the tasks");
    if (interrupts_.first_signal)
      line += fmt::format("; interrupt again to leave {}", is_one ? "it" : "them");
    observer_.notice(line);
  }
  const Result<aws::ecs::Task> answer =
      co_await aws::ecs::stop_task(client_, options_.request.cluster, task_arn_, "ferry run: " + why);
  if (!answer) {
    leave_running(cause == StopCause::timeout ? Outcome::timeout : Outcome::interrupted,
                  answer.error().line());
    co_return;
  }
  const Instant now = net::steady_now();
  stop_deadline_ = now + kStopTolerance;
  pacing_.hurry(now);
}

void RunWatch::leave_running(Outcome outcome, std::string_view why) {
  CommandResult result;
  result.mode = Mode::run;
  result.task = task_arn_;
  result.container = container_;
  if (task_) result.cluster = task_->cluster_name();
  result.outcome = outcome;
  result.explanation = fmt::format("{}: task {} may go on running; stop it with: {}", why, task_arn_,
                                   stop_line(options_, task_arn_));
  result.logs = log_state();
  left_ = std::move(result);
}

CommandResult RunWatch::verdict() const {
  CommandResult result = result_of(*task_, container_);
  result.logs = log_state();
  const bool ended_by_us = task_->stop_code == "UserInitiated";
  if (stop_cause_ == StopCause::timeout && (ended_by_us || result.outcome != Outcome::exited)) {
    result.outcome = Outcome::timeout;
  } else if (stop_cause_ == StopCause::interrupt) {
    result.outcome = Outcome::interrupted;
  } else {
    return result;
  }
  result.exit_code.reset();
  result.exit_code_source.reset();
  result.explanation.clear();  // the stop was announced when it was asked for
  return result;
}

}  // namespace ferry::feature
