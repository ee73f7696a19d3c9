#include "feature/run/start_obstacle.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// "exited with 3: OutOfMemoryError...", to follow the container's name.
std::string fate_of(const aws::ecs::Container& container) {
  std::string fate = container.exit_code ? fmt::format("exited with {}", *container.exit_code)
                     : container.health_status == "UNHEALTHY" ? std::string("is not healthy")
                     : container.last_status == "RUNNING"     ? std::string("ended without an exit code")
                                                              : std::string("was not started");
  if (!container.reason.empty()) fate += fmt::format(": {}", without_full_stop(container.reason));
  return fate;
}

// Whether a dependency on it is not met, and will not be.
bool hinders(const aws::ecs::Container& other, std::string_view condition) {
  if (!other.exit_code) return true;
  if (condition == "SUCCESS") return *other.exit_code != 0;
  return condition == "HEALTHY";
}

// The last one of the chain of those that wait for each other. `seen` ends a circle.
std::optional<StartObstacle> hindering_dependency(const aws::ecs::Task& task, std::string_view container,
                                                  const ContainerRoles& roles,
                                                  std::vector<std::string_view>& seen) {
  seen.push_back(container);
  for (const aws::ecs::ContainerDependency& dependency : roles.dependencies_of(container)) {
    const aws::ecs::Container* other = find_container(task, dependency.container);
    if (other == nullptr || !hinders(*other, dependency.condition)) continue;
    if (std::ranges::find(seen, other->name) != seen.end()) continue;
    const std::string whom = seen.size() == 1 ? "it" : fmt::format("container '{}'", container);
    StartObstacle obstacle{
        .container = other,
        .words = fmt::format("{} depends on container '{}', which {}", whom, other->name, fate_of(*other))};
    if (other->exit_code) return obstacle;
    std::optional<StartObstacle> further = hindering_dependency(task, other->name, roles, seen);
    if (further) return further;
    // One that just was not started has another cause, which is not its own.
    if (!other->reason.empty() || other->health_status == "UNHEALTHY") return obstacle;
  }
  return std::nullopt;
}

bool says_nothing(std::string_view stopped_reason) {
  return stopped_reason.empty() || stopped_reason.starts_with("Task failed to start") ||
         stopped_reason.starts_with("Essential container in task exited");
}

StartObstacle obstacle_of(const aws::ecs::Container& container) {
  return {.container = &container,
          .words = fmt::format("container '{}' {}", container.name, fate_of(container))};
}

// The one whose code tells most, where several have ended.
const aws::ecs::Container* ended_essential(const aws::ecs::Task& task, std::string_view container,
                                           const ContainerRoles& roles) {
  const aws::ecs::Container* found = nullptr;
  for (const aws::ecs::Container& other : task.containers) {
    if (other.name == container || !other.exit_code || !roles.is_essential(other.name)) continue;
    if (found == nullptr || (*found->exit_code == 0 && *other.exit_code != 0)) found = &other;
  }
  return found;
}

}  // namespace

std::optional<StartObstacle> find_other_meant(const aws::ecs::Task& task, std::string_view container) {
  if (says_nothing(task.stopped_reason)) return std::nullopt;
  for (const aws::ecs::Container& other : task.containers) {
    if (other.name == container || other.reason.empty()) continue;
    if (task.stopped_reason.contains(other.reason) || other.reason.contains(task.stopped_reason))
      return obstacle_of(other);
  }
  return std::nullopt;
}

std::optional<StartObstacle> find_start_obstacle(const aws::ecs::Task& task, std::string_view container,
                                                 const ContainerRoles& roles) {
  std::vector<std::string_view> seen;
  std::optional<StartObstacle> dependency = hindering_dependency(task, container, roles, seen);
  if (dependency) return dependency;
  const aws::ecs::Container* own = find_container(task, container);
  if (own != nullptr && !own->reason.empty()) return std::nullopt;
  if (!says_nothing(task.stopped_reason)) return find_other_meant(task, container);
  for (const aws::ecs::Container& other : task.containers) {
    if (other.name != container && !other.exit_code && !other.reason.empty()) return obstacle_of(other);
  }
  const aws::ecs::Container* ended =
      task.stop_code == "EssentialContainerExited" ? ended_essential(task, container, roles) : nullptr;
  if (ended == nullptr) return std::nullopt;
  return obstacle_of(*ended);
}

}  // namespace ferry::feature
