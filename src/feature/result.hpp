// What became of a command, the same for exec and run. "Never 0 where success was not seen."
#pragma once

#include <optional>
#include <string>

namespace ferry::feature {

enum class Outcome {
  exited,       // the command ended and its exit code is known
  timeout,      // our time limit came first
  interrupted,  // the user stopped it
  lost,         // the connection or session ended without the end marker
  not_started,  // the command never ran
  unknown,      // it ended, but nothing tells how
  detached,     // left running on purpose
};

struct CommandResult {
  Outcome outcome = Outcome::unknown;
  std::optional<int> exit_code;  // with `exited` only, 0 to 255
  std::string explanation;       // one line for the user; empty where there is nothing to add
};

// The exit status of ferry for it: the command's own, else 124, 125, 130, `unknown_exit_code`, or 0 for
// detached.
int exit_status(const CommandResult& result, int unknown_exit_code = 255);

}  // namespace ferry::feature
