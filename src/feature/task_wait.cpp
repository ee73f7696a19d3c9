#include "feature/task_wait.hpp"

#include "feature/run/pacing.hpp"
#include "feature/task_lookup.hpp"
#include "net/clock.hpp"

#include <utility>

namespace ferry::feature {
namespace {

constexpr milliseconds kFailureTolerance{300'000};

}  // namespace

bool may_pass(const Failure& failure) {
  switch (failure.code) {
    case FailureCode::throttled:
    case FailureCode::unreachable:
    case FailureCode::timed_out:
    case FailureCode::lost:
      return true;
    default:
      return aws::ecs::error_of(failure) == aws::ecs::Error::server ||
             failure.service_code == "ServiceUnavailableException";
  }
}

net::Task<Result<aws::ecs::Task>> wait_until_stopped(aws::Client& client, TaskWait wait) {
  const Instant began_at = net::steady_now();
  Instant last_seen_at = began_at;
  RunPacing pacing(began_at);
  std::string status;
  while (true) {
    Result<aws::ecs::Task> task = co_await describe_task(client, wait.cluster, wait.task);
    const Instant now = net::steady_now();
    if (!task && (!may_pass(task.error()) || now - last_seen_at > kFailureTolerance)) co_return task;
    if (task) {
      last_seen_at = now;
      if (wait.ends != nullptr) wait.ends->seen(*task);
      if (is_to_stop(*task)) pacing.ending();
      pacing.taken(now, RunPacing::Log::not_read);
      if (std::exchange(status, task->last_status) != status && wait.changed) wait.changed(status);
      if (status == "STOPPED" || status == "DELETED") co_return task;
    } else {
      pacing.refused(now);
    }
    co_await net::sleep_until(client.loop(), pacing.next().due);
  }
}

}  // namespace ferry::feature
