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
#include "feature/run/input.hpp"
#include "net/task.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

// Unguessable, so that one run is not taken for another.
std::string new_attach_mark();

struct AttachOptions {
  std::string mark = new_attach_mark();  // of this run
  HolderLimits holder;
  // For the task to start and its exec agent to take sessions.
  milliseconds wait_limit{10 * 60'000};
  // Without a sign of life from ferry for so long the session's processes are ended: longer than a broken
  // connection takes to be resumed.
  seconds silence{90};
  std::vector<std::string> command;  // to run there; from hold()
  // Input, terminal, where output goes, time limit, cancel, notice: as for exec().
  ExecOptions session;
};

struct AttachRequest {
  std::string cluster, task_arn, container;
  AttachOptions attach;
  // What is waited for, at each change; may be empty.
  std::function<void(std::string_view line)> status;
};

// Turns the request's command into the holder's and enables exec; the command becomes the one that attach()
// runs, a shell where there is none. Before the plan is made; pure.
void hold(RunRequest& request, AttachOptions& options);

// RunTask's refusal with what to do about it, where it is for want of a task role, which exec needs; else as
// it was. Pure.
Failure explain_refused_attach(Failure refusal);

// Why a task ended before anybody entered it: the image cannot hold it, its ENTRYPOINT does not run the
// command it is given, the exec agent was never ready, or what stopped the task itself. `task` has STOPPED.
// Pure.
std::string explain_not_entered(const aws::ecs::Task& task, const std::string& container,
                                HolderLimits limits);

// Enters the task as soon as that can be, runs the command, and stops the task whatever came of it. The
// result's mode is run. Not entered: the outcome is not_started, and the explanation says why and what to
// try. A Failure is one of this machine. Where the task could not be stopped, the session's notice says that
// it ends by itself, and when.
net::Task<Result<CommandResult>> attach(aws::Client& client, AttachRequest request);

}  // namespace ferry::feature
