// The first of two steps for programs that call ExecuteCommand themselves, through an SDK (`ferry wrap`); the
// second is collect().
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ferry {

// What to give ExecuteCommand as `command` (with `interactive` true), so that collect() can bring the result
// back. The words can be read in it as they are, as in AWS's audit trail. The same words always give the same
// string. Nothing where there is no word or one that ExecuteCommand cannot carry: UTF-8 without NUL only.
// Thread-safe.
std::optional<std::string> wrap(const std::vector<std::string>& command);

}  // namespace ferry
