// A pipe, and the empty input. Owns both ends. Not thread-safe.
#pragma once

#include "base/result.hpp"
#include "sys/unique_fd.hpp"

namespace ferry::sys {

struct Pipe {
  UniqueFd reading;  // does not block
  UniqueFd writing;  // blocks: it is for a child
};

// Neither end is inherited by accident.
Result<Pipe> open_pipe();

// An input that is at its end.
Result<UniqueFd> open_null();

}  // namespace ferry::sys
