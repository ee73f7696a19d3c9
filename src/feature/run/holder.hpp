// The command that keeps a task's container waiting until ferry has entered it, run the user's command there
// by an exec session, and left. It ends by itself, so that a task is never left waiting. Pure, thread-safe.
//
// POSIX sh with `sleep`, without a writable file system: it finds ferry's session in /proc by the mark that
// the session's command line carries (wire::wrap_command()), and not by a process id, since it may be run by
// an init process or beside the processes of other containers.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

struct HolderLimits {
  seconds until_entered{300};  // from its start; where nobody enters, it ends
  seconds after_session{30};   // from the end of the last session: time to stop the task, or to enter again
};

// Exit codes of a holder that ended by itself.
inline constexpr int kHolderNeverEntered = 75;
inline constexpr int kHolderAbandoned = 76;
inline constexpr int kHolderHasNoSleep = 77;  // the image lacks `sleep`

// The words for the container's command override, less than 1 KB. `mark` is 1 to 64 letters, digits and
// hyphens, unique to the run. SIGTERM ends it at once.
std::vector<std::string> holder_command(std::string_view mark, HolderLimits limits);

}  // namespace ferry::feature
