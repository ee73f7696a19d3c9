// Watches one accepted task to its end: polls it, shows its logs, stops it when asked, and judges the result.
// Owns the logs' positions and the pace of the calls. Bounded: 60 s while the service does not know the task,
// 5 minutes of failing calls, 3 minutes from a stop request to the end.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/time.hpp"
#include "feature/result.hpp"
#include "feature/run/container_log.hpp"
#include "feature/run/input.hpp"
#include "feature/run/log_rereading.hpp"
#include "feature/run/pacing.hpp"
#include "feature/run/run.hpp"
#include "feature/run/task_poller.hpp"
#include "feature/run/who_ended.hpp"
#include "net/loop.hpp"

#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

// The user's interrupts, as they come in.
struct Interrupts {
  explicit Interrupts(net::Loop& loop) : arrived(loop) {}

  net::Event arrived;  // stays set from the first on
  int count = 0;
  std::optional<int> first_signal;  // nothing where the calling program gave the run up
};

// "interrupted by the user (SIGTERM)", or that the calling program gave it up.
std::string reason_of(const Interrupts& interrupts);

// `ferry stop ...`: the line that stops a task which is left running.
std::string stop_line(const RunOptions& options, std::string_view task_arn);

// A container whose log is shown, and where that is.
struct FollowedLog {
  std::string container;
  LogSource source;
};

class RunWatch {
 public:
  // All references outlive follow(). `time_limit`: when the task is told to stop. `ends`: of the chosen
  // container, with what was seen of the task already.
  RunWatch(aws::Client& client, const RunOptions& options, Interrupts& interrupts, RunObserver& observer,
           TaskPoller& poller, LogRereading& rereading, Instant time_limit, std::string task_arn,
           ContainerEnds ends, ContainerRoles roles, std::vector<FollowedLog> logs);

  // Once. Until the task has stopped and its log is read, or one of the bounds is reached.
  net::Task<CommandResult> follow();

  // For whoever cancels follow(): the task has been seen to have stopped, and what is known of its result
  // then.
  [[nodiscard]] bool has_stopped() const { return stopped_; }
  [[nodiscard]] CommandResult result_without_last_lines() const;

 private:
  enum class StopCause { none, interrupt, timeout, too_much_output };
  // A look at the task, perhaps with a read of the log behind it; or the continuation of one log.
  struct Step {
    Instant due;
    bool reads_log;
    ContainerLog* continued = nullptr;
  };
  struct Done {};

  [[nodiscard]] bool done() const;
  [[nodiscard]] Step next_step(Instant now);
  [[nodiscard]] Instant next_wake(const Step& step) const;
  net::Task<> wait(Instant wake);
  [[nodiscard]] bool is_output_full() const;
  [[nodiscard]] bool is_read_once() const;
  [[nodiscard]] bool wants_log() const;
  [[nodiscard]] bool may_stop() const { return stop_cause_ == StopCause::none && !stopped_; }
  net::Task<> take(Step step);
  net::Task<> make_calls(Step step);
  net::Task<Done> look(bool reads_log);
  net::Task<Done> continue_log(ContainerLog& log);
  net::Task<bool> describe();  // whether the service answered
  void seen(aws::ecs::Task task);
  void not_seen(const Failure& failure, milliseconds tolerance);
  [[nodiscard]] bool has_open_log() const;
  ContainerLog* next_in_turn();
  net::Task<LogRead> read(ContainerLog& log);
  net::Task<> stop(StopCause cause);
  void leave_running(Outcome outcome, std::string_view why);
  [[nodiscard]] Outcome outcome_of_stop() const;
  [[nodiscard]] std::string too_much_output() const;
  [[nodiscard]] std::optional<LogState> log_state() const;
  [[nodiscard]] CommandResult verdict() const;

  aws::Client& client_;
  const RunOptions& options_;
  Interrupts& interrupts_;
  RunObserver& observer_;
  TaskPoller& poller_;
  LogRereading& rereading_;
  std::string task_arn_;
  ContainerEnds ends_;
  ContainerRoles roles_;
  std::vector<ContainerLog> logs_;
  std::size_t turn_ = 0;  // of the logs, at the pacing's reads

  Instant time_limit_;
  Instant last_seen_at_;
  RunPacing pacing_;
  std::optional<aws::ecs::Task> task_;
  std::string shown_phase_;
  bool stopped_ = false;
  StopCause stop_cause_ = StopCause::none;
  std::optional<Instant> stop_deadline_;
  std::optional<CommandResult> left_;  // the result of leaving before the end
};

}  // namespace ferry::feature
