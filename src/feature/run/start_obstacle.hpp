// Which other container of a task kept one from starting, or is meant by the task's stoppedReason: so that no
// container is given another's reason. Pure, thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "feature/run/who_ended.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ferry::feature {

struct StartObstacle {
  const aws::ecs::Container* container;  // of the task that was given
  std::string words;  // "it depends on container 'init', which exited with 3": whose it is, and what
};

// Of a container without an exit code in a task that has stopped. First what it depends on by the task
// definition, through others that wait too; then a container whose reason the task's stoppedReason repeats,
// or which has one where that says nothing; then an essential one whose end stopped the task. Nothing where
// no other container is the cause.
std::optional<StartObstacle> find_start_obstacle(const aws::ecs::Task& task, std::string_view container,
                                                 const ContainerRoles& roles);

// The other container whose reason the task's stoppedReason repeats; nothing where it is the task's own, or
// the container's.
std::optional<StartObstacle> find_other_meant(const aws::ecs::Task& task, std::string_view container);

}  // namespace ferry::feature
