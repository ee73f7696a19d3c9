// A pseudo-terminal pair. Owns both ends. Not thread-safe.
#pragma once

#include "base/result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace ferry::sys {

struct Pty {
  UniqueFd master;  // ours; does not block
  UniqueFd slave;   // the program's
};

// `multiplexer` is the ptmx of the devpts instance that the pair shall belong to.
Result<Pty> open_pty(const std::string& multiplexer = "/dev/ptmx");

// What the programs on it take for the size of the window; they get SIGWINCH.
void set_window_size(int master, std::uint16_t columns, std::uint16_t rows);

}  // namespace ferry::sys
