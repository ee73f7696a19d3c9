#include "sys/private_memory.hpp"

#include <malloc.h>
#include <sys/prctl.h>

namespace ferry::sys {

void keep_memory_private() {
  // Unlike a limit of core dumps it ends with exec, and it holds where dumps are piped to a program, too. It
  // cannot fail with this value.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#ifdef __GLIBC__
  // Freed bytes become 0xff, fresh ones 0.
  ::mallopt(M_PERTURB, 0xff);  // NOLINT(concurrency-mt-unsafe): main() has no second thread yet
#endif
}

}  // namespace ferry::sys
