// A question to the person at the terminal. The loop's thread only.
#pragma once

#include "net/loop.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace ferry::feature {

// Lists the tasks on standard error, numbered, and reads a number from standard input, which is a terminal in
// its usual mode. The chosen one's index; task_names.size() where nothing was chosen in three attempts.
net::Task<std::size_t> pick_task(net::Loop& loop, std::vector<std::string> task_names);

// Asks it on standard error ("... [y/N]") and reads a line from standard input, a terminal. True for a line
// that begins with y.
net::Task<bool> ask_yes_or_no(net::Loop& loop, std::string question);

}  // namespace ferry::feature
