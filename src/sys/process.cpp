#include "sys/process.hpp"

#include "base/text.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::sys {

namespace {

int poll_end(const UniqueFd& process, int timeout_ms) {
  pollfd end{.fd = process.get(), .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, timeout_ms);
}

}  // namespace

Result<UniqueFd> open_process(pid_t pid) {
  UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (process.valid()) return process;
  Failure failure = system_failure(fmt::format("cannot open process {}", pid), errno);
  if (errno == ESRCH) failure.code = FailureCode::not_found;
  return fail(std::move(failure));
}

bool has_ended(const UniqueFd& process) {
  return poll_end(process, 0) > 0;
}

void send_signal(const UniqueFd& process, int number) {
  if (process.valid()) ::syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0);
}

void kill_and_wait(const UniqueFd& process, std::chrono::milliseconds timeout) {
  if (!process.valid()) return;
  send_signal(process, SIGKILL);
  poll_end(process, static_cast<int>(timeout.count()));
}

std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", pid));
  return {std::istream_iterator<pid_t>(file), std::istream_iterator<pid_t>()};
}

std::optional<pid_t> innermost_pid(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("NSpid:")) continue;
    std::istringstream numbers(line.substr(line.find(':') + 1));
    std::optional<pid_t> last;
    for (pid_t number = 0; numbers >> number;) last = number;
    return last;
  }
  return std::nullopt;
}

}  // namespace ferry::sys
