// The file of the running program, kept from those who meet this process in a container. What it starts in a
// container's namespaces shows them that file as /proc/PID/exe until it becomes another program, and a script
// that names /proc/self/exe as its interpreter even becomes it: with the file's owner's rights they could
// change its mode, and its content once it does not run.
#pragma once

#include "base/result.hpp"

namespace ferry::sys {

// Returns at once where this process runs from a file that such a container cannot change: another user's,
// one on a read-only mount, a sealed one in memory. Else it becomes the same program with the same arguments
// and environment, from a read-only view of its file (root) or a sealed copy in memory; what runs before the
// call runs twice then, and every descriptor that is not to be inherited is closed. Failure: neither can be
// had. For processes with one thread.
Result<> run_from_unchangeable_file();

}  // namespace ferry::sys
