// What ExecuteCommand can carry. Pure.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace ferry::library {

// Failure `usage` for no command at all, an empty program name, and words that are not UTF-8 or hold a NUL.
Result<> check_command(const std::vector<std::string>& command);

}  // namespace ferry::library
