// `ferry exec`: a command in a running task, and what became of it.
// At most three API calls where nothing has to be waited for or explained and the container is named or the
// only one (otherwise up to three more, to choose it); one session at a time. The loop's
// thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/exec_session.hpp"
#include "feature/result.hpp"
#include "feature/target.hpp"
#include "net/task.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

struct ExecRequest {
  Target target;
  std::string container;  // empty where the user named none
  std::vector<std::string> command;
  milliseconds wait_limit{120'000};  // for a task to run and its exec agent to take sessions
  // The target is a task that was just started: it is entered once it is seen ready, and may be unknown at
  // first.
  bool is_starting = false;
  bool may_ask = false;     // a person at the terminal chooses among the tasks of an ambiguous prefix
  bool says_choice = true;  // a notice says which container was chosen where several could be meant
  // What is waited for, at each change; empty when there is nothing more to wait for. May be empty.
  std::function<void(std::string_view line)> status;
  ExecOptions options;
};

// Writes the command's output as the options say. While it runs, a signal or the time limit ends the remote
// command and what it started in its session. A Failure is one of this machine (our own standard streams);
// everything else is an outcome. Standard input is read only once the command has started.
net::Task<Result<CommandResult>> exec(aws::Client& client, ExecRequest request);

// The same in every running task of the target; output is captured. `take` gets each result in the order in
// which the tasks are listed, as soon as it and those before it are there, one at a time; where the look-up
// was given up, it gets one result that says so. Once `end_asked` is set nobody wants to wait for it. At most
// kMostAtATime commands run or have a result that is not taken yet, so that as many times the capture limit
// is what is kept. Failures: no such thing, no task, and those of the look-up. Not with input nor on a
// terminal.
inline constexpr std::size_t kMostAtATime = 8;
net::Task<Result<>> exec_in_all(aws::Client& client, ExecRequest request,
                                std::function<net::Task<>(CommandResult, net::Event& end_asked)> take);

}  // namespace ferry::feature
