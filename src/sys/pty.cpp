#include "sys/pty.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>

namespace ferry::sys {

Result<Pty> open_pty(const std::string& multiplexer) {
  Pty pty;
  pty.master = UniqueFd(::open(multiplexer.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!pty.master.valid()) return fail(system_failure("cannot open " + multiplexer, errno));
  int locked = 0;
  if (::ioctl(pty.master.get(), TIOCSPTLCK, &locked) != 0)
    return fail(system_failure("cannot unlock a terminal of " + multiplexer, errno));
  // By the master and not by name: the name means another terminal in another mount namespace.
  pty.slave = UniqueFd(::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.slave.valid()) return fail(system_failure("cannot open a terminal of " + multiplexer, errno));
  return pty;
}

void set_window_size(int master, std::uint16_t columns, std::uint16_t rows) {
  winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(master, TIOCSWINSZ, &size);  // fails only for what is no terminal
}

}  // namespace ferry::sys
