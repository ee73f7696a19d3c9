// Files that a reader finds whole: the old content or the new, never a part.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ferry::sys {

// Replaces or makes the file by renaming a draft that is written in its folder first; mode 0644 as far as the
// umask allows. A symbolic link of that name is replaced, not followed.
Result<> write_whole_file(const std::string& path, std::string_view content);

// Whether write_whole_file() could begin now: for a command that must not learn it only after its work.
Result<> can_write_whole_file(const std::string& path);

}  // namespace ferry::sys
