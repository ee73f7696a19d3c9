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
#include "feature/run/pacing.hpp"
#include "feature/run/run.hpp"
#include "feature/run/task_poller.hpp"
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
  bool announced = false;           // that tasks are stopped for it: once, however many are watched
};

// `ferry api ecs StopTask ...`: the line that stops a task which is left running.
std::string stop_line(const RunOptions& options, std::string_view task_arn);

// A container whose log is shown, and where that is.
struct FollowedLog {
  std::string container;
  LogSource source;
};

class RunWatch {
 public:
  // All references outlive follow().
  RunWatch(aws::Client& client, const RunOptions& options, Interrupts& interrupts, RunObserver& observer,
           TaskPoller& poller, std::string task_arn, std::string container, std::vector<FollowedLog> logs);

  // Once. Until the task has stopped and its log is read, or one of the bounds is reached.
  net::Task<CommandResult> follow();

 private:
  enum class StopCause { none, interrupt, timeout };
  struct Step {
    RunPacing::Call call;
    Instant due;
    bool paced;                   // one of the pacing's own, no continuation of a log
    ContainerLog* log = nullptr;  // to read; of a paced step the next in turn
  };

  [[nodiscard]] bool done() const;
  [[nodiscard]] Step next_step(Instant now);
  [[nodiscard]] Instant next_wake(const Step& step) const;
  [[nodiscard]] bool may_stop() const { return stop_cause_ == StopCause::none && !stopped_; }
  net::Task<> take(Step step);
  net::Task<> describe();
  void seen(aws::ecs::Task task);
  void not_seen(const Failure& failure, milliseconds tolerance);
  [[nodiscard]] bool has_open_log() const;
  ContainerLog* next_in_turn();
  net::Task<> read_log(Step step);
  net::Task<> stop(StopCause cause);
  void leave_running(Outcome outcome, std::string_view why);
  [[nodiscard]] std::optional<LogState> log_state() const;
  [[nodiscard]] CommandResult verdict() const;

  aws::Client& client_;
  const RunOptions& options_;
  Interrupts& interrupts_;
  RunObserver& observer_;
  TaskPoller& poller_;
  std::string task_arn_;
  std::string container_;
  std::vector<ContainerLog> logs_;
  std::size_t turn_ = 0;  // of the logs, at the pacing's reads

  Instant accepted_at_;
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
