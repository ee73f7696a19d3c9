// `ferry explain`: why a task ended as it did, from what ECS still knows of it. Pure, thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "base/time.hpp"
#include "feature/run/who_ended.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ferry::feature {

struct TimelineStep {
  std::string what;  // "image pulled"
  WallTime at;
  milliseconds since_previous{0};
};

struct Explanation {
  std::string verdict;                // one line: what became of the task
  std::string cause;                  // in plain words; empty where the service's words are not known
  std::vector<std::string> evidence;  // the service's own words, each with whose they are
  std::string next_step;              // empty where there is nothing to do, or nothing known
  std::optional<bool> retryable;      // whether starting it again can help; nothing where not known
  std::vector<TimelineStep> timeline;
};

// Whether its image is being pulled, which ECS calls PENDING.
bool is_pulling(const aws::ecs::Task& task);

// Of a task in any state. One that has not stopped is said to be what it is, with what it waits for. Of one
// that has, the container that is the cause is named; no poll saw the order in which its containers ended.
Explanation explain(const aws::ecs::Task& task, const ContainerRoles& roles);

}  // namespace ferry::feature
