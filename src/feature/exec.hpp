// `ferry exec`: a command in a running task, and what became of it.
// At most three API calls; one session at a time. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/result.hpp"
#include "feature/target.hpp"
#include "net/task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ferry::feature {

struct ExecRequest {
  Target target;
  std::string container;  // empty where the user named none
  std::vector<std::string> command;
  bool has_input = false;     // send our standard input; otherwise the command's is empty
  bool on_terminal = false;   // the command gets a terminal; with has_input, ours becomes raw for as long
  std::string terminal_type;  // TERM for it
  std::optional<milliseconds> time_limit;  // from now to the command's end
};

// Writes the command's output to standard output. While it runs, SIGINT, SIGTERM and SIGHUP interrupt the
// remote command, as does the time limit, both best effort. A Failure is one of this machine (our own
// standard streams); everything else is an outcome. Standard input is read only once the command has started.
net::Task<Result<CommandResult>> exec(aws::Client& client, ExecRequest request);

}  // namespace ferry::feature
