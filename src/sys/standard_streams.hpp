// The three descriptors that every program is promised.
#pragma once

namespace ferry::sys {

// Opens /dev/null in place of each standard stream that our parent left closed: a socket that got its number
// would be written to as if it were the terminal. To be called first; without effect where all are open.
void open_missing_standard_streams();

}  // namespace ferry::sys
