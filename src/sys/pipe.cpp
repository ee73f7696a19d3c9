#include "sys/pipe.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace ferry::sys {

Result<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(system_failure("cannot make a pipe", errno));
  Pipe pipe{.reading = UniqueFd(ends[0]), .writing = UniqueFd(ends[1])};
  // The flag belongs to one end only: the child's stays as programs expect it.
  if (::fcntl(pipe.reading.get(), F_SETFL, O_NONBLOCK) != 0)
    return fail(system_failure("cannot prepare a pipe", errno));
  return pipe;
}

Result<UniqueFd> open_null() {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) return fail(system_failure("cannot open /dev/null", errno));
  return null;
}

}  // namespace ferry::sys
