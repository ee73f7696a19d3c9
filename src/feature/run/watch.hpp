// Watches one accepted task to its end: polls it, shows its log, stops it when asked, and judges the result.
// Owns the log's position and the pace of the calls. Bounded: 60 s while the service does not know the task,
// 5 minutes of failing calls, 3 minutes from a stop request to the end.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/time.hpp"
#include "feature/result.hpp"
#include "feature/run/input.hpp"
#include "feature/run/pacing.hpp"
#include "feature/run/run.hpp"
#include "net/loop.hpp"
#include "wire/log_follower.hpp"
#include "wire/log_merge.hpp"

#include <csignal>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::feature {

// The user's interrupts, as they come in.
struct Interrupts {
  explicit Interrupts(net::Loop& loop) : arrived(loop) {}

  net::Event arrived;  // set with each; the watch resets it
  int count = 0;
  int first_signal = SIGINT;
};

// `ferry api ecs StopTask ...`: the line that stops a task which is left running.
std::string stop_line(const RunOptions& options, std::string_view task_arn);

class RunWatch {
 public:
  // All references outlive follow().
  RunWatch(aws::Client& client, const RunOptions& options, Interrupts& interrupts, RunObserver& observer,
           std::string task_arn, std::string container, LogSource log);

  // Once. Until the task has stopped and its log is read, or one of the bounds is reached.
  net::Task<CommandResult> follow();

 private:
  enum class StopCause { none, interrupt, timeout };
  struct Step {
    RunPacing::Call call;
    Instant due;
    bool paced;  // one of the pacing's own, no continuation of the log
  };

  [[nodiscard]] bool done() const;
  [[nodiscard]] Step next_step(Instant now) const;
  [[nodiscard]] Instant next_wake(const Step& step) const;
  net::Task<> take(Step step);
  net::Task<> describe();
  void seen(aws::ecs::Task task);
  void not_seen(const Failure& failure, milliseconds tolerance);
  net::Task<> read_log(bool paced);
  void log_failed(const Failure& failure, bool paced);
  void no_log(std::string_view reason);
  net::Task<> stop(StopCause cause);
  void leave_running(Outcome outcome, std::string_view why);
  net::Task<> judge_log_end();
  net::Task<> read_again();
  [[nodiscard]] CommandResult verdict() const;

  aws::Client& client_;
  const RunOptions& options_;
  Interrupts& interrupts_;
  RunObserver& observer_;
  std::string task_arn_;
  std::string container_;
  LogSource log_;

  Instant accepted_at_;
  Instant last_seen_at_;
  RunPacing pacing_;
  wire::LogFollower follower_;
  wire::LogMerge shown_;
  std::optional<LogState> log_state_;
  std::optional<aws::ecs::Task> task_;
  std::string status_;
  bool stopped_ = false;
  bool log_readable_ = true;
  bool said_unseen_ = false;
  int log_failures_ = 0;
  Instant log_not_before_;
  StopCause stop_cause_ = StopCause::none;
  std::optional<Instant> stop_deadline_;
  std::optional<CommandResult> left_;  // the result of leaving before the end
};

}  // namespace ferry::feature
