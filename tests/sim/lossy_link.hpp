// One direction of a bad network in simulated time: it drops, duplicates, delays and reorders messages.
// Everything that happens follows from the seed.
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <utility>

namespace ferry::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // In 0..bound-1.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  Bytes bytes(std::size_t count);

 private:
  std::mt19937_64 engine_;
};

// Percent of the messages that each fault strikes; independent of each other.
struct Faults {
  int drop = 0, duplicate = 0, reorder = 0, delay = 0;
};

class LossyLink {
 public:
  LossyLink(Random& random, Faults faults) : random_(&random), faults_(faults) {}

  void send(const Bytes& message, Instant now);
  // Arrives after all that is under way, whatever the faults: for messages that no peer ever resends.
  void send_last(const Bytes& message, Instant now);

  [[nodiscard]] std::optional<Instant> next_arrival() const;
  // What has arrived by now, one message a call.
  std::optional<Bytes> receive(Instant now);

  // The connection breaks: all that is under way is lost.
  void cut() { under_way_.clear(); }
  void set_faults(Faults faults) { faults_ = faults; }

 private:
  void put(const Bytes& message, Instant arrival) { under_way_.emplace(arrival, message); }

  Random* random_;
  Faults faults_;
  std::multimap<Instant, Bytes> under_way_;
  Instant latest_arrival_;
};

}  // namespace ferry::sim
