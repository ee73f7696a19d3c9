// How many tasks a service starts and stops next: the arithmetic of a rolling update. Pure, thread-safe.
#pragma once

#include <cstdint>

namespace ferry::local {

// Tasks that nobody has told to stop yet, of the deployment that is wanted and of those it replaces.
struct Fleet {
  std::int64_t desired = 0;
  std::int64_t minimum_healthy_percent = 100;
  std::int64_t maximum_percent = 200;
  std::int64_t primary_running = 0, primary_pending = 0;
  std::int64_t old_running = 0, old_pending = 0;
};

struct Steps {
  std::int64_t start = 0;         // of the primary deployment
  std::int64_t stop_primary = 0;  // pending ones first
  std::int64_t stop_old = 0;      // running ones; what is pending of an old deployment goes at once
};

// Never more tasks than the maximum (of the desired count, rounded down) while old ones are there, never
// fewer running than the minimum (rounded up) for the sake of the rollout. Where minimum and maximum leave no
// room for either, nothing moves, as in the service.
Steps next_steps(const Fleet& fleet);

}  // namespace ferry::local
