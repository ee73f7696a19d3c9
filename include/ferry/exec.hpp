// Running a command in a task that runs already (`ferry exec`).
//
//   const ferry::CommandResult result = ferry::exec({.target = "prod/web", .command = {"ps", "ax"}});
//   if (!result.succeeded()) std::cerr << result.explanation << '\n';
#pragma once

#include <chrono>
#include <ferry/options.hpp>
#include <ferry/result.hpp>
#include <string>
#include <vector>

namespace ferry {

struct ExecRequest {
  // CLUSTER/SERVICE, SERVICE, family/NAME, task/ID-or-unique-prefix, or an ARN. Of several tasks of a service
  // or family the one that started last is taken.
  std::string target;
  // Program and arguments, as they are: no shell looks at them. At least one word; UTF-8 without NUL.
  std::vector<std::string> command;
  // The initializers let callers leave members out without a warning.
  // NOLINTBEGIN(readability-redundant-member-init)
  std::string cluster = {};    // for targets that name none; empty: FERRY_CLUSTER, else "default"
  std::string container = {};  // empty: the only one that can be meant (not put there by AWS, essential)
  // NOLINTEND(readability-redundant-member-init)
  // For a task to run and to take sessions. Zero or more; with zero each call is waited for, 5 s.
  std::chrono::milliseconds wait_limit = std::chrono::minutes(2);
};

// Runs the command and waits for its end. Whatever happens is in the result; nothing is thrown but what the
// standard library throws when memory is out.
//
// Calls three operations of AWS at most where nothing has to be waited for or explained: ListTasks,
// ExecuteCommand, DescribeClusters. docs/library.md names the rights.
//
// Thread-safe: each call has its own event loop and connections on the calling thread, and calls on several
// threads do not disturb each other. SIGPIPE, where it has its default action, is ignored from the first call
// on; the environment must not be changed during a call.
CommandResult exec(const ExecRequest& request, const Options& options = {});

}  // namespace ferry
