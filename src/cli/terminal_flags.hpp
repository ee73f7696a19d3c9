// -i, -t and -T: what the remote command has as its standard streams. The same for exec and an attached run.
#pragma once

#include "base/result.hpp"
#include "cli/arguments.hpp"

#include <string_view>

namespace ferry::cli {

struct TerminalFlags {
  bool input = false, terminal = false, no_terminal = false;
};

void describe_terminal_flags(Arguments& arguments, TerminalFlags& flags);

// -it by itself where a person sits at all three ends and the output is not JSON. Failures (usage), in the
// name of `command`: contradictions, and a terminal that is not there.
Result<> settle_terminal(std::string_view command, TerminalFlags& flags, bool wants_json);

// What is said after a command that was not sent the input that lies ready here; empty where there is nothing
// to say. Reads and waits for nothing.
std::string_view forgotten_input(const TerminalFlags& flags);

}  // namespace ferry::cli
