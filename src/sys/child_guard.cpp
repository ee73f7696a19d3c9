#include "sys/child_guard.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <ctime>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry::sys {
namespace {

int open_pidfd(pid_t pid) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

bool has_ended(int pidfd) noexcept {
  pollfd entry{.fd = pidfd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) > 0;
}

// Every descriptor but these two, the smaller one first.
void close_all_but(int first, int second) noexcept {
  const auto close_range = [](int from, int to) {
    if (from <= to) ::syscall(SYS_close_range, static_cast<unsigned>(from), static_cast<unsigned>(to), 0);
  };
  close_range(0, first - 1);
  close_range(first + 1, second - 1);
  ::syscall(SYS_close_range, static_cast<unsigned>(second + 1), ~0U, 0);
}

// SIGKILL to each process that is a child of ours at the moment.
void kill_children() noexcept {
  const int file = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  std::array<char, 4096> text{};
  pid_t number = 0;
  while (true) {
    const ssize_t count = ::read(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      if (text[i] >= '0' && text[i] <= '9') {
        number = number * 10 + (text[i] - '0');
      } else if (number > 0) {
        ::kill(number, SIGKILL);
        number = 0;
      }
    }
  }
  ::close(file);
}

// Those that their killed parents leave become children of ours, until there are none. What the kernel does
// not let go in 10 s is left to it.
void end_descendants(pid_t program) noexcept {
  constexpr int most_rounds = 10'000;
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (int round = 0; round < most_rounds; ++round) {
    if (program > 0) {
      ::kill(program, SIGKILL);  // it leads no group yet where it is that young
      ::kill(-program, SIGKILL);
    }
    kill_children();
    pid_t reaped = 0;
    while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
      // Its number may be another's from now on.
      if (reaped == program) program = 0;
    }
    if (reaped < 0 && errno == ECHILD) return;
    ::nanosleep(&pause, nullptr);
  }
}

// As a shell says it; the program stays a zombie, so that its number stays its own.
int exit_code_of(pid_t program) noexcept {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(program), &info, WEXITED | WNOWAIT) != 0) {
    if (errno != EINTR) return 255;
  }
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

}  // namespace

int become_guard(pid_t parent) noexcept {
  ::setsid();
  // What is killed by the name of our program must not be its guards, too.
  ::prctl(PR_SET_NAME, "container-guard", 0, 0, 0);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return -1;
  const int parent_end = open_pidfd(parent);
  // Its number may have been another's already.
  return parent_end >= 0 && ::getppid() == parent ? parent_end : -1;
}

[[noreturn]] void guard_program(pid_t program, int parent_end) noexcept {
  const int program_end = open_pidfd(program);
  close_all_but(parent_end < program_end ? parent_end : program_end,
                parent_end < program_end ? program_end : parent_end);
  std::array<pollfd, 2> ends{pollfd{.fd = program_end, .events = POLLIN, .revents = 0},
                             pollfd{.fd = parent_end, .events = POLLIN, .revents = 0}};
  while (program_end >= 0 && !has_ended(program_end) && !has_ended(parent_end))
    ::poll(ends.data(), ends.size(), -1);
  const bool is_over = program_end >= 0 && has_ended(program_end);
  const int code = is_over ? exit_code_of(program) : 128 + SIGKILL;
  end_descendants(program);
  ::_exit(code);
}

}  // namespace ferry::sys
