// Which tasks of a run are going already: a name of one's own in startedBy lets a second `ferry run` find
// what the first one started, and follow that instead of starting it again. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/run/plan.hpp"
#include "net/task.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace ferry::feature {

// The tasks of the plan's family (or its ephemeral revisions) and container with that startedBy that are not
// to stop, oldest first. ListTasks, and DescribeTasks where it finds any. Fails, besides as those do, with
// `ambiguous` where there are more than `most`.
net::Task<Result<std::vector<aws::ecs::Task>>> find_going_tasks(aws::Client& client, const RunPlan& plan,
                                                                std::string started_by, std::size_t most);

}  // namespace ferry::feature
