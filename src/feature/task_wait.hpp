// Waiting for a task to stop: polls at the pace of a run, for as long as the caller does not cancel it.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/run/who_ended.hpp"
#include "net/task.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::feature {

struct TaskWait {
  std::string cluster, task;  // as API calls take them; the task as an id or ARN
  std::function<void(std::string_view last_status)> changed;  // the first one too; may be empty
  TaskEnds* ends = nullptr;  // gets each answer, the last one included; may be null
};

// The stopped task. Failures: `not_found` where ECS does not know the task, and
// those of DescribeTasks; what may pass is tried again for five minutes.
net::Task<Result<aws::ecs::Task>> wait_until_stopped(aws::Client& client, TaskWait wait);

// True for throttling, a service that fails and a network that is cut: asking again may help.
bool may_pass(const Failure& failure);

}  // namespace ferry::feature
