#include "lossy_link.hpp"

#include <algorithm>
#include <cstring>

namespace ferry::sim {

namespace {

constexpr milliseconds latency{10};
constexpr std::uint64_t longest_overtaking_ms = 60;
constexpr std::uint64_t longest_delay_ms = 1'500;

}  // namespace

Bytes Random::bytes(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t at = 0; at < count; at += sizeof(std::uint64_t)) {
    const std::uint64_t value = engine_();
    std::memcpy(bytes.data() + at, &value, std::min(sizeof value, count - at));
  }
  return bytes;
}

void LossyLink::send(const Bytes& message, Instant now) {
  const int copies = random_->chance(faults_.duplicate) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    if (random_->chance(faults_.drop)) continue;
    Instant arrival = now + latency;
    const bool overtakes = random_->chance(faults_.reorder);
    const bool is_delayed = random_->chance(faults_.delay);
    if (overtakes) arrival += milliseconds(random_->below(longest_overtaking_ms));
    if (is_delayed) arrival += milliseconds(random_->below(longest_delay_ms));
    // Without a fault a message stays behind what left before it.
    if (!overtakes && !is_delayed && copy == 0) {
      arrival = std::max(arrival, latest_arrival_);
      latest_arrival_ = arrival;
    }
    put(message, arrival);
  }
}

void LossyLink::send_last(const Bytes& message, Instant now) {
  const Instant last = under_way_.empty() ? now : std::max(now, under_way_.rbegin()->first);
  put(message, last + latency);
}

std::optional<Instant> LossyLink::next_arrival() const {
  return under_way_.empty() ? std::nullopt : std::optional(under_way_.begin()->first);
}

std::optional<Bytes> LossyLink::receive(Instant now) {
  if (under_way_.empty() || under_way_.begin()->first > now) return std::nullopt;
  Bytes message = std::move(under_way_.begin()->second);
  under_way_.erase(under_way_.begin());
  return message;
}

}  // namespace ferry::sim
