// One task of a run: its attempts, one after the other, to the last one's end.
// Bounded by the options' attempts, and each attempt by watch.hpp's bounds.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/run/log_rereading.hpp"
#include "feature/run/plan.hpp"
#include "feature/run/run.hpp"
#include "feature/run/task_poller.hpp"
#include "feature/run/task_starter.hpp"
#include "feature/run/unanswered_start.hpp"
#include "feature/run/watch.hpp"
#include "net/task.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ferry::feature {

// What the tasks of one run share. All references outlive them.
struct RunSetting {
  aws::Client& client;
  const RunPlan& plan;
  const RunOptions& options;
  RunObserver& observer;
  Interrupts& interrupts;
  TaskStarter& starter;
  TaskPoller& poller;
  LogRereading& rereading;
  Instant began_at;  // of the run: the first attempt's time limit counts from there
};

// What a run comes to whose task was not started: refused, or interrupted before.
RunReport not_started(const Failure& failure);
RunReport interrupted_before_start(const Interrupts& interrupts);
RunReport timed_out_before_start(milliseconds time_limit);
// RunTask may have started it.
UnansweredStart unanswered_start(const RunPlan& plan, const RunOptions& options,
                                 std::vector<std::string> client_tokens);

class TaskRun {
 public:
  // `going`: a task that runs already and takes the place of the first attempt's.
  TaskRun(const RunSetting& setting, std::optional<aws::ecs::Task> going);

  // Once.
  net::Task<RunReport> to_its_end();

  // For whoever cancels it. Of the present attempt; the ARN is empty until its task is accepted.
  [[nodiscard]] const std::string& task_arn() const { return task_arn_; }
  [[nodiscard]] Instant time_limit() const { return time_limit_; }
  [[nodiscard]] bool has_stopped() const { return watch_ && watch_->has_stopped(); }
  [[nodiscard]] CommandResult result_without_last_lines() const {
    return watch_->result_without_last_lines();
  }

 private:
  [[nodiscard]] RunReport report_of(Result<RunReport> attempted) const;
  [[nodiscard]] RunReport may_run(const NoTask& no_task) const;
  net::Task<Result<RunReport>> attempt();
  net::Task<Result<RunReport>> follow(aws::ecs::Task task, aws::ecs::TaskDefinition definition);
  net::Task<Result<RunReport>> rejoin(aws::ecs::Task task);
  net::Task<Result<RunReport>> enter();
  [[nodiscard]] std::vector<FollowedLog> followed_logs(const aws::ecs::TaskDefinition& definition,
                                                       const std::string& task_id) const;
  [[nodiscard]] bool moves_on(const Result<RunReport>& report);

  RunSetting shared_;
  std::optional<aws::ecs::Task> going_;
  std::string task_arn_;
  std::optional<RunWatch> watch_;
  Instant time_limit_ = Instant::max();
  std::size_t provider_ = 0;  // of the capacity to try
  int retries_made_ = 0;
  bool is_first_attempt_ = true;
  milliseconds next_pause_{0};
};

}  // namespace ferry::feature
