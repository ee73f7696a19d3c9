// Where a child's descriptors lead: a pipe, a text to read, the empty input. Owns what it opens.
// Not thread-safe.
#pragma once

#include "base/result.hpp"
#include "sys/unique_fd.hpp"

#include <string_view>

namespace ferry::sys {

struct Pipe {
  UniqueFd reading;  // does not block
  UniqueFd writing;  // blocks: it is for a child
};

// Neither end is inherited by accident.
Result<Pipe> open_pipe();

// A file in memory that holds `text`, at its start.
Result<UniqueFd> open_readable(std::string_view text);

// An input that is at its end.
Result<UniqueFd> open_null();

}  // namespace ferry::sys
