#include "sys/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace ferry::sys {

void open_missing_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // The lowest free number is this one: those below are open by now.
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
}

}  // namespace ferry::sys
