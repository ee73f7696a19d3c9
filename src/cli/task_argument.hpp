// What the commands about one task share: the TASK argument with --cluster, and the client to ask with.
#pragma once

#include "aws/settings.hpp"
#include "base/result.hpp"
#include "cli/arguments.hpp"
#include "feature/target.hpp"

#include <string>

namespace ferry::cli {

struct TaskArgument {
  std::string task, cluster;
  aws::Flags connection;
};

// TASK, --cluster and the connection's flags.
void describe_task_argument(Arguments& arguments, TaskArgument& argument);

// Failure `usage` for a text that names no task, and for a --cluster that contradicts an ARN.
Result<feature::Target> task_of(const TaskArgument& argument);

}  // namespace ferry::cli
