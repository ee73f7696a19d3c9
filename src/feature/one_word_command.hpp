// A whole command line that was given as one word: `-- "echo hi"` asks for a program named "echo hi".
// Pure; thread-safe.
#pragma once

#include "feature/result.hpp"

#include <string>
#include <vector>

namespace ferry::feature {

enum class CommandPlace {
  alone,               // exec: the program is the command's first word
  behind_entry_point,  // run: where the image has an entry point, the command is its arguments
};

// Adds to the explanation what was misunderstood and how it is written, where a command of one word with
// blanks in it was not found; leaves any other result as it is.
void explain_one_word(const std::vector<std::string>& command, CommandPlace place, CommandResult& result);

}  // namespace ferry::feature
