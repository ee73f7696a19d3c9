#include "sys/unique_fd.hpp"

#include <unistd.h>

namespace ferry::sys {

void UniqueFd::reset() {
  // Linux frees the descriptor whatever close() answers: there is nothing to retry.
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace ferry::sys
