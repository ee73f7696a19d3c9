#include "cli/task_argument.hpp"

#include "cli/connection.hpp"

namespace ferry::cli {

void describe_task_argument(Arguments& arguments, TaskArgument& argument) {
  arguments.word("TASK", "its ARN, its id or 8 or more digits of it, or task/ and fewer", argument.task);
  arguments.text("--cluster", "CLUSTER", "where it is (default: FERRY_CLUSTER, else default)",
                 argument.cluster);
  describe_connection_flags(arguments, argument.connection);
}

Result<feature::Target> task_of(const TaskArgument& argument) {
  Result<feature::Target> target = feature::parse_task(argument.task, cluster_or_default(argument.cluster));
  if (!target) return target;
  if (!argument.cluster.empty()) {
    const Result<> agreed = feature::expect_cluster(*target, argument.cluster);
    if (!agreed) return fail(agreed.error());
  }
  return target;
}

}  // namespace ferry::cli
