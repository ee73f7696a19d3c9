// `ferry run --attach`: the task only holds its container (holder.hpp), and the command runs there in an exec
// session, which brings both streams, input, a terminal and the exact exit code.
//
// Owns the session; bounded by the time to wait for the exec agent and the limits of an exec. A session whose
// ferry died is ended in the container after AttachOptions::silence, and the holder ends after it. On a
// terminal only the service's own limit for idle sessions (20 minutes) does that.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/exec_session.hpp"
#include "feature/result.hpp"
#include "feature/run/holder.hpp"
#include "net/task.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

struct AttachOptions {
  std::string mark;     // of this run; from new_attach_mark()
  HolderLimits holder;  // as given to holder_command()
  // For the task to start and its exec agent to take sessions.
  milliseconds wait_limit{10 * 60'000};
  // Without a sign of life from ferry for so long the session's processes are ended: longer than a broken
  // connection takes to be resumed.
  milliseconds silence{90'000};
};

struct AttachRequest {
  std::string cluster, task_arn, container;
  std::vector<std::string> command;  // not empty
  AttachOptions attach;
  // Input, terminal, where output goes, time limit, cancel, notice: as for exec().
  ExecOptions session;
  // What is waited for, at each change; may be empty.
  std::function<void(std::string_view line)> status;
};

std::string new_attach_mark();

// Whether the task definition lets anybody enter: exec needs a task role. `task_role_override` is the role of
// the run's overrides, or empty. Before RunTask; pure.
Result<> check_attachable(const aws::ecs::TaskDefinition& definition, std::string_view task_role_override);

// Enters the task as soon as that can be and runs the command. The result's mode is run. Not entered: the
// outcome is not_started, and the explanation says why and what to try. A Failure is one of this machine.
// The task goes on: the caller stops it afterwards, whatever came back.
net::Task<Result<CommandResult>> attach(aws::Client& client, AttachRequest request);

}  // namespace ferry::feature
