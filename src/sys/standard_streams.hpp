// The three descriptors that every program is promised, and what ferry says of its own on stderr. What it
// says may quote foreign text: it is made printable here, so that no caller can forget to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ferry::sys {

// Opens /dev/null in place of each standard stream that our parent left closed: a socket that got its number
// would be written to as if it were the terminal. What stands for stdout cannot be written, so that a result
// that nobody gets is an error. To be called first; without effect where all are open.
void open_missing_standard_streams();

// "ferry: LINE" as one printable line of at most kLongestLine bytes before its escapes, with its end.
inline constexpr std::size_t kLongestLine = 8'000;
std::string own_line(std::string_view line);

// Each of these writes all of its text to stderr. What stderr does not take (a pipe: within half a second) is
// lost: a closed terminal or a full disk there leaves nobody to tell, and is no reason to leave a task
// running. Thread-safe.

// own_line().
void say(std::string_view line);
// The same where the terminal is in raw mode, in which a line feed does not go back to the line's beginning.
void say_in_raw_mode(std::string_view line);
// Lines without "ferry: ", whose line ends stay, or the beginning of a line.
void write_to_stderr(std::string_view text);
// The terminal's last line anew, without its end; empty: nothing is left of it. Only where stderr is a
// terminal.
void rewrite_last_line(std::string_view line);

// Whether bytes are there to be read from what is no terminal; reads and waits for nothing. False where that
// cannot be told.
bool has_unread_input(int fd);

}  // namespace ferry::sys
