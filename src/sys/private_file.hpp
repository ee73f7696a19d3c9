// Small files that only their owner may read: keys, logins and records.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ferry::sys {

// Makes the folder and what lacks above it, all with mode 0700; a folder that is there already must belong to
// this user, and nobody else may write into it, nor put another one in its place: what is above it, wherever
// links lead, belongs to this user or root, and is no folder in which everybody may rename (as in /tmp he may
// not).
Result<> make_private_folder(const std::string& path);

// Replaces the file as a whole: a reader sees the old content or the new, with mode 0600 from its first byte.
Result<> write_private_file(const std::string& path, std::string_view content);

// Failure not_found where there is none; denied where others could read it, and where it is a link, a pipe or
// whatever is no file. Waits for nothing.
Result<std::string> read_private_file(const std::string& path);

}  // namespace ferry::sys
