#include "feature/run/watch.hpp"

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
constexpr milliseconds kStopTolerance{180'000};     // stopTimeout is at most 120 s, then the network goes

// How long the log must stay silent after the stop. A platform that takes seconds to start a container (AWS)
// may take seconds to bring its last lines; one that starts it at once has them at once. Both times are the
// service's own, so that this machine's clock does not matter.
milliseconds settle_window(const aws::ecs::Task& task) {
  constexpr milliseconds kShortest{100};
  constexpr milliseconds kLongest{3'000};
  if (!task.created_at || !task.started_at) return kLongest;
  const double start_ms = (*task.started_at - *task.created_at) * 1000;
  if (start_ms <= static_cast<double>(kShortest.count())) return kShortest;
  if (start_ms >= static_cast<double>(kLongest.count())) return kLongest;
  return milliseconds(static_cast<milliseconds::rep>(start_ms));
}

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
                   RunObserver& observer, std::string task_arn, std::string container,
                   std::vector<FollowedLog> logs)
    : client_(client),
      options_(options),
      interrupts_(interrupts),
      observer_(observer),
      task_arn_(std::move(task_arn)),
      container_(std::move(container)),
      accepted_at_(net::steady_now()),
      last_seen_at_(accepted_at_),
      pacing_(accepted_at_) {
  const LogListener listener{
      .events = [&observer](std::string_view of,
                            std::span<const aws::logs::Event> events) { observer.log(of, events); },
      .notice = [&observer](std::string_view line) { observer.notice(line); }};
  logs_.reserve(logs.size());
  for (FollowedLog& log : logs)
    logs_.emplace_back(client, std::move(log.container), std::move(log.source), listener);
  if (!has_open_log()) pacing_.no_log();
}

net::Task<CommandResult> RunWatch::follow() {
  while (!done()) {
    const Step step = next_step(net::steady_now());
    const bool interrupted = co_await interrupts_.arrived.wait_until(next_wake(step));
    if (interrupted) interrupts_.arrived.reset();
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
  if (options_.timeout && stop_cause_ == StopCause::none && !stopped_)
    wake = std::min(wake, accepted_at_ + *options_.timeout);
  return wake;
}

// What the moment asks for: a stop, the end of our patience, or the planned call.
net::Task<> RunWatch::take(Step step) {
  const Instant now = net::steady_now();
  const bool may_stop = stop_cause_ == StopCause::none && !stopped_;
  if (may_stop && interrupts_.count > 0) {
    co_await stop(StopCause::interrupt);
  } else if (may_stop && options_.timeout && now >= accepted_at_ + *options_.timeout) {
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
  std::vector<std::string> tasks{task_arn_};
  Result<aws::ecs::DescribedTasks> answer =
      co_await aws::ecs::describe_tasks(client_, options_.request.cluster, std::move(tasks));
  if (!answer && may_pass(answer.error())) {
    pacing_.refused(net::steady_now());
    not_seen(answer.error(), kFailureTolerance);
  } else if (!answer) {
    not_seen(answer.error(), milliseconds(0));
  } else if (answer->tasks.empty()) {
    pacing_.described(net::steady_now());
    Failure unknown;
    unknown.code = FailureCode::not_found;
    unknown.what = "ECS does not know the task (MISSING)";
    not_seen(unknown, kUnknownTolerance);
  } else {
    pacing_.described(net::steady_now());
    seen(std::move(answer->tasks.front()));
  }
}

void RunWatch::seen(aws::ecs::Task task) {
  last_seen_at_ = net::steady_now();
  said_unseen_ = false;
  if (task.last_status != status_) {
    status_ = task.last_status;
    observer_.status(status_);
  }
  if (has_open_log() && has_started(status_)) pacing_.running();
  task_ = std::move(task);
  if (status_ != "STOPPED" && status_ != "DELETED") return;
  stopped_ = true;
  stop_deadline_.reset();
  const bool never_ran = result_of(*task_, container_).outcome == Outcome::not_started;
  for (ContainerLog& log : logs_) {
    if (never_ran) log.never_ran();
    if (log.is_open()) log.task_stopped(last_seen_at_, settle_window(*task_));
  }
}

void RunWatch::not_seen(const Failure& failure, milliseconds tolerance) {
  if (net::steady_now() - last_seen_at_ >= tolerance) {
    leave_running(Outcome::lost, failure.line());
  } else if (failure.code != FailureCode::not_found && !std::exchange(said_unseen_, true)) {
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
    if (log.state()) state = log.state();
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
      cause == StopCause::timeout
          ? fmt::format("the time limit of {:g} s is over",
                        static_cast<double>(options_.timeout->count()) / 1000)
          : fmt::format("interrupted by the user ({})", signal_name(interrupts_.first_signal));
  observer_.notice(fmt::format("{}: stopping the task{}", why,
                               cause == StopCause::interrupt ? "; interrupt again to leave it" : ""));
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
