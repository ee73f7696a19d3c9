#include "sys/pipe.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
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

Result<UniqueFd> open_readable(std::string_view text) {
  UniqueFd file(::memfd_create("ferry", MFD_CLOEXEC));
  if (!file.valid()) return fail(system_failure("cannot make a file in memory", errno));
  for (std::string_view rest = text; !rest.empty();) {
    const auto count = ::write(file.get(), rest.data(), rest.size());
    if (count < 0) return fail(system_failure("cannot write a file in memory", errno));
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0)
    return fail(system_failure("cannot rewind a file in memory", errno));
  return file;
}

Result<UniqueFd> open_null() {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) return fail(system_failure("cannot open /dev/null", errno));
  return null;
}

}  // namespace ferry::sys
