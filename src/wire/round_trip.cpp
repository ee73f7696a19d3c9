#include "wire/round_trip.hpp"

#include <algorithm>

namespace ferry::wire {

void RoundTrip::sample(milliseconds measured) {
  const milliseconds error = std::chrono::abs(smoothed_ - measured);
  variation_ = (3 * variation_ + error) / 4;
  smoothed_ = (7 * smoothed_ + measured) / 8;
  base_wait_ = std::clamp(smoothed_ + 4 * variation_, min_wait, max_wait);
}

void RoundTrip::backed_off_to(milliseconds wait) {
  base_wait_ = std::clamp(wait, base_wait_, max_wait);
}

milliseconds RoundTrip::wait(int back_off) const {
  milliseconds wait = base_wait_;
  for (; back_off > 0 && wait < max_wait; --back_off) wait *= 2;
  return std::min(wait, max_wait);
}

}  // namespace ferry::wire
