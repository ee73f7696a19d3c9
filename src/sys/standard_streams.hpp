// The three descriptors that every program is promised.
#pragma once

#include <string_view>

namespace ferry::sys {

// Opens /dev/null in place of each standard stream that our parent left closed: a socket that got its number
// would be written to as if it were the terminal. To be called first; without effect where all are open.
void open_missing_standard_streams();

// Writes all of it to stderr. What stderr does not take is lost: a closed terminal or a full disk there
// leaves nobody to tell, and is no reason to leave a task running. Thread-safe.
void write_to_stderr(std::string_view text);

// Whether bytes are there to be read from what is no terminal; reads and waits for nothing. False where that
// cannot be told.
bool has_unread_input(int fd);

}  // namespace ferry::sys
