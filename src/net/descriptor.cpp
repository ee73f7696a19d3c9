#include "net/descriptor.hpp"

#include "net/reactor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

namespace ferry::net {
namespace {

enum class Kind { file, pipe_or_terminal, pty_master, other };

Kind kind_of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return Kind::other;
  if (S_ISREG(status.st_mode)) return Kind::file;
  if (S_ISFIFO(status.st_mode)) return Kind::pipe_or_terminal;
  if (!S_ISCHR(status.st_mode) || ::isatty(fd) != 1) return Kind::other;
  std::array<char, 64> name{};
  return ::ptsname_r(fd, name.data(), name.size()) == 0 ? Kind::pty_master : Kind::pipe_or_terminal;
}

// A second description of the same pipe or terminal, whose O_NONBLOCK is ours alone; -1 where the system
// does not give one.
int open_again(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -1;
  const std::string path = fmt::format("/proc/self/fd/{}", fd);
  return ::open(path.c_str(), (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

bool is_ready(int fd, short events) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  return ::poll(&entry, 1, 0) > 0;
}

bool would_block(int error_number) {
  return error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == EINTR;
}

}  // namespace

struct Descriptor::State {
  State(asio::io_context& context, int original) : stream(context) { open(original); }

  void open(int original);
  static Task<> wait(std::shared_ptr<State> state, asio::posix::descriptor_base::wait_type direction);
  static Task<> wait_for_closed_reader(std::shared_ptr<State> state);
  static Task<Result<Bytes>> read_some(std::shared_ptr<State> state, std::size_t limit);
  static Task<Result<std::size_t>> write_some(std::shared_ptr<State> state, BytesView bytes);
  static Task<Result<>> write(std::shared_ptr<State> state, BytesView bytes);

  asio::posix::stream_descriptor stream;  // a descriptor of its own
  int open_error = 0;
  // Nobody else reads or writes through our description, so that it may be non-blocking.
  bool is_private = false;
  std::size_t write_bytes = PIPE_BUF;  // what a blocking pipe takes at once when poll says it is writable
};

void Descriptor::State::open(int original) {
  const Kind kind = kind_of(original);
  int fd = kind == Kind::pipe_or_terminal ? open_again(original) : -1;
  is_private = fd >= 0 || kind == Kind::pty_master;
  if (is_private || kind == Kind::file) write_bytes = std::size_t{64} << 10U;
  if (fd < 0) fd = ::fcntl(original, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    open_error = errno;
    return;
  }
  const int flags = ::fcntl(fd, F_GETFL);
  error_code error;
  stream.assign(fd, error);
  if (error) {
    ::close(fd);
    open_error = error.value();
    return;
  }
  // Asio waits only on what it believes to be non-blocking. It is told so once, and a shared description
  // gets its flags back at once.
  stream.non_blocking(true, error);
  if (!is_private && flags >= 0) ::fcntl(fd, F_SETFL, flags);
}

// Gives the loop a turn in any case. Where the system cannot wait, as for a file, it is always ready.
Task<> Descriptor::State::wait(std::shared_ptr<State> state,
                               asio::posix::descriptor_base::wait_type direction) {
  co_await throw_if_cancelled();
  error_code error;
  co_await state->stream.async_wait(direction, asio::redirect_error(asio::use_awaitable, error));
  co_await throw_if_cancelled();
}

Task<> Descriptor::State::wait_for_closed_reader(std::shared_ptr<State> state) {
  if (state->open_error == 0) co_await wait(state, asio::posix::descriptor_base::wait_error);
  pollfd entry{.fd = state->stream.native_handle(), .events = 0, .revents = 0};
  if (::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLERR | POLLHUP)) != 0) co_return;
  asio::steady_timer never(state->stream.get_executor(), asio::steady_timer::time_point::max());
  error_code error;
  co_await never.async_wait(asio::redirect_error(asio::use_awaitable, error));
  co_await throw_if_cancelled();
}

Task<Result<Bytes>> Descriptor::State::read_some(std::shared_ptr<State> state, std::size_t limit) {
  if (state->open_error != 0) co_return fail(system_failure("cannot read", state->open_error));
  Bytes bytes(limit);
  const int fd = state->stream.native_handle();
  while (true) {
    co_await wait(state, asio::posix::descriptor_base::wait_read);
    if (!state->is_private && !is_ready(fd, POLLIN)) continue;
    const ssize_t count = ::read(fd, bytes.data(), bytes.size());
    const int error_number = errno;
    if (count < 0 && would_block(error_number)) continue;
    const bool is_end = count < 0 && error_number == EIO && ::isatty(fd) == 1;
    if (count < 0 && !is_end) co_return fail(system_failure("cannot read", error_number));
    bytes.resize(is_end ? 0 : static_cast<std::size_t>(count));
    co_return bytes;
  }
}

Task<Result<std::size_t>> Descriptor::State::write_some(std::shared_ptr<State> state, BytesView bytes) {
  if (state->open_error != 0) co_return fail(system_failure("cannot write", state->open_error));
  const int fd = state->stream.native_handle();
  while (true) {
    co_await wait(state, asio::posix::descriptor_base::wait_write);
    if (!state->is_private && !is_ready(fd, POLLOUT)) continue;
    const ssize_t count = ::write(fd, bytes.data(), std::min(bytes.size(), state->write_bytes));
    const int error_number = errno;
    if (count >= 0) co_return static_cast<std::size_t>(count);
    if (error_number == EPIPE || error_number == ECONNRESET)
      co_return fail(FailureCode::lost, "cannot write: the reader has closed");
    if (!would_block(error_number)) co_return fail(system_failure("cannot write", error_number));
  }
}

Task<Result<>> Descriptor::State::write(std::shared_ptr<State> state, BytesView bytes) {
  while (!bytes.empty()) {
    const Result<std::size_t> count = co_await write_some(state, bytes);
    if (!count) co_return fail(count.error());
    bytes = bytes.subspan(*count);
  }
  co_return Result<>();
}

Descriptor::Descriptor(Loop& loop, int fd) : state_(std::make_shared<State>(loop.reactor().context, fd)) {}
Descriptor::~Descriptor() = default;
Descriptor::Descriptor(Descriptor&&) noexcept = default;
Descriptor& Descriptor::operator=(Descriptor&&) noexcept = default;

Task<Result<Bytes>> Descriptor::read_some(std::size_t limit) {
  return State::read_some(state_, limit);
}

Task<Result<std::size_t>> Descriptor::write_some(BytesView bytes) {
  return State::write_some(state_, bytes);
}

Task<Result<>> Descriptor::write(BytesView bytes) {
  return State::write(state_, bytes);
}

Task<> Descriptor::wait_readable() {
  return State::wait(state_, asio::posix::descriptor_base::wait_read);
}

Task<> Descriptor::wait_for_closed_reader() {
  return State::wait_for_closed_reader(state_);
}

}  // namespace ferry::net
