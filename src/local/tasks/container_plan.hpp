// What a task's containers need to run: task definition and overrides, brought together. Pure, thread-safe.
//
// Decisions where an embedded endpoint differs from the service: a dependency on HEALTHY counts as START,
// since no health checks run; awslogs options about multi-line events and regions are without effect.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "local/runtime/container_runtime.hpp"

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::local {

struct Dependency {
  enum class Condition { start, complete, success };
  std::string container;
  Condition condition = Condition::start;
};

// Where the awslogs driver writes.
struct LogTarget {
  std::string group, stream;
  bool create_group = false;
};

struct ContainerPlan {
  std::string name;
  ContainerSpec spec;
  bool essential = true;
  std::vector<Dependency> depends_on;
  seconds stop_timeout{30};
  std::optional<LogTarget> log;  // none: the output is dropped
};

// In the task definition's order. `task` has its containers' runtime ids already. Failure refused: `what` is
// the task's stoppedReason.
Result<std::vector<ContainerPlan>> plan_containers(const boost::json::object& task,
                                                   const boost::json::object& task_definition);

}  // namespace ferry::local
