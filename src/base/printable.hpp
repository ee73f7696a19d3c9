// Foreign text made fit to be shown. What a service, a container or a peer says may hold anything: escape
// sequences that move a terminal's cursor, marks that turn the order of letters round, characters that nobody
// sees. All of them become visible escapes, as JSON writes them: "\u001b[2J", "\u202e"; a byte that is not
// UTF-8 becomes "\xff".
// Pure, thread-safe. A result has at most six times the bytes of its text, and to treat it again changes
// nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ferry {

// The most that is shown of one message of a service, in bytes.
inline constexpr std::size_t kLongestMessage = 2'000;

// As one line. Line ends and tabs become blanks.
std::string printable(std::string_view text);

// The same for text of several lines, whose line ends ('\n') stay.
std::string printable_lines(std::string_view text);

// `text`, and of a longer one its beginning and its end: "begin... (7998112 more) ...end". The result has at
// most `most` bytes, where that is at least 100, and cuts no character that is UTF-8.
std::string shortened(std::string_view text, std::size_t most = kLongestMessage);

// JSON that says the same and is printable: within its strings such characters are written as their escapes
// (\u009b), so that who reads it gets each value as it is. Its line ends stay. Of bytes that are not UTF-8,
// which JSON cannot have, it makes U+FFFD.
std::string printable_json(std::string_view json);

}  // namespace ferry
