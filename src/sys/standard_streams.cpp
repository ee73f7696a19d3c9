#include "sys/standard_streams.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::sys {
namespace {

// A reader who has stopped must not stop us. A terminal that is held goes on with the key that interrupts us.
bool takes_something() {
  constexpr int kLongestWaitMs = 500;
  if (::isatty(STDERR_FILENO) != 0) return true;
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&ready, 1, kLongestWaitMs) != 0;
}

void write_all(std::string_view text) {
  while (!text.empty()) {
    if (!takes_something()) return;
    // No more than a pipe that is ready takes at once.
    const ssize_t count = ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string shown(std::string_view line) {
  return printable(shortened(line, kLongestLine));
}

}  // namespace

void open_missing_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // The lowest free number is this one: those below are open by now.
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
  }
}

std::string own_line(std::string_view line) {
  return fmt::format("ferry: {}\n", shown(line));
}

void say(std::string_view line) {
  write_all(own_line(line));
}

void say_in_raw_mode(std::string_view line) {
  write_all(fmt::format("\r\nferry: {}\r\n", shown(line)));
}

void write_to_stderr(std::string_view text) {
  write_all(printable_lines(text));
}

void rewrite_last_line(std::string_view line) {
  write_all("\r\x1b[K" + shown(line));
}

bool has_unread_input(int fd) {
  int count = 0;
  return ::isatty(fd) == 0 && ::ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

}  // namespace ferry::sys
