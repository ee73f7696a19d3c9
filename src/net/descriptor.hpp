// Reading and writing a pipe, terminal or pidfd without blocking the loop.
// Owns nothing but its registration with the loop: the caller keeps the file descriptor open for longer.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <memory>

namespace ferry::net {

class Descriptor {
 public:
  // `fd` may be anything: a regular file or /dev/null, which never block, are read and written directly.
  // The file description's O_NONBLOCK flag is left as it was found (another process may share it); only a
  // pty master, which is this process's own, becomes non-blocking. A pipe's end counts as open for as long
  // as either the descriptor or this object is.
  Descriptor(Loop& loop, int fd);
  ~Descriptor();
  Descriptor(Descriptor&&) noexcept;
  Descriptor& operator=(Descriptor&&) noexcept;

  // Up to `limit` bytes as soon as there are any; empty at the end of the file. EIO of a pty master whose
  // last slave has closed is an end of file too.
  Task<Result<Bytes>> read_some(std::size_t limit);
  // As much as is taken at once, as soon as any is; how many bytes that were. A closed reader is a `lost`
  // failure.
  Task<Result<std::size_t>> write_some(BytesView bytes);
  // All of it; a closed reader is a `lost` failure.
  Task<Result<>> write(BytesView bytes);
  // Until it is readable: the end of a process for a pidfd. At once where the system cannot tell.
  Task<> wait_readable();
  // Until nobody is left who could read what is written: the pipe's readers have closed, the terminal has
  // hung up. For ever where the system cannot tell, as of a file.
  Task<> wait_for_closed_reader();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::net
