// A whole command line that was given as one word: `-- "echo hi"` asks for a program named "echo hi".
// Pure; thread-safe.
#pragma once

#include "feature/result.hpp"

#include <string>
#include <vector>

namespace ferry::feature {

// Adds to the explanation what was misunderstood and how it is written, where a command of one word with
// blanks in it was not found; leaves any other result as it is.
void explain_one_word(const std::vector<std::string>& command, CommandResult& result);

}  // namespace ferry::feature
