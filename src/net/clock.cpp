#include "net/clock.hpp"

namespace ferry::net {

Instant steady_now() {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::steady_clock::now());
}

WallTime wall_now() {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

}  // namespace ferry::net
