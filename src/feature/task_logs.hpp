// `ferry logs`: the logs of a task that is there, running or stopped.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "feature/run/container_log.hpp"
#include "feature/target.hpp"
#include "net/task.hpp"

#include <optional>
#include <string>

namespace ferry::feature {

struct LogsRequest {
  Target task;
  std::string container;  // empty: as feature/container_choice.hpp chooses
  bool all_containers = false;
  bool follow = false;  // until the task has stopped and its logs are read to their end
  // Only what is not older than this; milliseconds since 1970.
  std::optional<std::int64_t> since_ms;
};

// Shows what there is, in each stream's order. Failures: no such task (or container, or definition), and
// `not_found` where not one of the logs can be read; why was noticed then.
net::Task<Result<>> show_logs(aws::Client& client, LogsRequest request, LogListener listener);

}  // namespace ferry::feature
