#include "local/tasks/rollout.hpp"

#include <algorithm>

namespace ferry::local {

Steps next_steps(const Fleet& fleet) {
  const std::int64_t primary = fleet.primary_running + fleet.primary_pending;
  const std::int64_t most = std::max(fleet.desired * fleet.maximum_percent / 100, std::int64_t{0});
  const std::int64_t least = (fleet.desired * fleet.minimum_healthy_percent + 99) / 100;

  Steps steps;
  steps.stop_primary = std::max(primary - fleet.desired, std::int64_t{0});
  // Pending old tasks are stopped in the same breath and take no room.
  const std::int64_t room = fleet.old_running == 0 ? fleet.desired : most - fleet.old_running;
  steps.start = std::max(std::min(fleet.desired, room) - primary, std::int64_t{0});
  const std::int64_t running = std::min(fleet.primary_running, fleet.desired) + fleet.old_running;
  steps.stop_old = std::clamp(running - least, std::int64_t{0}, fleet.old_running);
  return steps;
}

}  // namespace ferry::local
