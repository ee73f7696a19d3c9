// Many simulated commands, each with its seed, and what became of them. The bounds they are held to: no false
// success, no wrong code, no wrong byte, ever; nothing lost where the connection stays up; at most one in a
// thousand lost after a cut that is resumed.
#pragma once

#include "exec_run.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ferry::sim {

struct ExecCount {
  int commands = 0, right = 0, lost = 0, resumed = 0;
  std::size_t written_twice = 0;  // messages of input
};

struct ExecCensus {
  int commands = 0, false_successes = 0, wrong_codes = 0, wrong_bytes = 0;
  std::array<ExecCount, 6> counts;  // by Trouble
  std::string complaints;  // a line for each bound that was broken, with the seeds; empty if none was

  [[nodiscard]] const ExecCount& of(Trouble trouble) const {
    return counts.at(static_cast<std::size_t>(trouble));
  }
};

// Commands first_seed ... first_seed + count - 1; the trouble of each follows from its seed.
ExecCensus take_census(std::uint64_t first_seed, int count);

// As lines for a person.
std::string table(const ExecCensus& census);

}  // namespace ferry::sim
