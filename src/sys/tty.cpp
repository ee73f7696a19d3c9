#include "sys/tty.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace ferry::sys {
namespace {

constexpr std::array kCrashSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// What the crash handler restores. A signal handler can reach nothing but a static object; it is written
// before the handlers are installed and not changed while they are.
struct CrashRestore {
  int fd = -1;
  termios settings{};
};
CrashRestore crash_restore;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void restore_and_die(int number) {
  tcsetattr(crash_restore.fd, TCSANOW, &crash_restore.settings);
  // SA_RESETHAND has brought the default action back: this time it ends the process.
  raise(number);
}

void install_crash_handlers(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  // Both fields of sigaction are of C's making: the flag's type is int, its constants are unsigned.
  action.sa_flags = handler == SIG_DFL ? 0 : static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (const int number : kCrashSignals) sigaction(number, &action, nullptr);
}

}  // namespace

struct RawTerminal::Saved {
  int fd;
  termios settings;
};

bool is_terminal(int fd) {
  return isatty(fd) == 1;
}

std::optional<WindowSize> window_size(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return std::nullopt;
  return WindowSize{.columns = size.ws_col, .rows = size.ws_row};
}

Result<RawTerminal> RawTerminal::enter(int fd, RawPart part) {
  termios found{};
  if (tcgetattr(fd, &found) != 0) return fail(system_failure("cannot read the terminal's settings", errno));
  crash_restore = CrashRestore{.fd = fd, .settings = found};
  install_crash_handlers(restore_and_die);
  RawTerminal terminal(std::make_unique<Saved>(Saved{.fd = fd, .settings = found}));
  termios raw = found;
  if (part == RawPart::both) {
    cfmakeraw(&raw);
  } else {
    raw.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  }
  if (tcsetattr(fd, TCSADRAIN, &raw) != 0)
    return fail(system_failure("cannot put the terminal into raw mode", errno));
  return terminal;
}

RawTerminal::RawTerminal(std::unique_ptr<Saved> saved) : saved_(std::move(saved)) {}
RawTerminal::RawTerminal(RawTerminal&&) noexcept = default;

RawTerminal& RawTerminal::operator=(RawTerminal&& other) noexcept {
  if (this != &other) {
    restore();
    saved_ = std::move(other.saved_);
  }
  return *this;
}

RawTerminal::~RawTerminal() {
  restore();
}

void RawTerminal::restore() {
  if (!saved_) return;
  const std::unique_ptr<Saved> saved = std::move(saved_);
  // What was typed ahead stays for whoever reads next.
  tcsetattr(saved->fd, TCSADRAIN, &saved->settings);
  install_crash_handlers(SIG_DFL);
}

}  // namespace ferry::sys
