// Tasks that a person names or lists, running or stopped: what `ferry stop`, `wait`, `ps` and their like work
// on. Stopped tasks are known to ECS for about an hour.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/target.hpp"
#include "net/task.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

// The id or ARN of the one task that is meant. A whole id is taken at its word, without a call; a prefix
// takes two ListTasks calls. Failures: `not_found`, `ambiguous` (lists the tasks), `usage` for another region
// than the client's, and those of the calls.
net::Task<Result<std::string>> find_task(aws::Client& client, Target target);

// The task as it is now. Failure `not_found` where ECS does not know it.
net::Task<Result<aws::ecs::Task>> describe_task(aws::Client& client, std::string cluster, std::string task);

// True where the cluster has a service of that name, which may be meant instead of a task. One call; a
// refused one is its Failure.
net::Task<Result<bool>> is_service(aws::Client& client, std::string cluster, std::string word);

struct TaskFilter {
  std::string cluster, service, family, started_by;  // of the last three at most one
  bool with_stopped = false;
};

// Every task that fits, those first that have not stopped, then the newest first.
net::Task<Result<std::vector<aws::ecs::Task>>> find_tasks(aws::Client& client, TaskFilter filter);

}  // namespace ferry::feature
