// What became of a command, the same for exec and run. "Never 0 where success was not seen."
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"

#include <cstddef>
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

enum class Mode { exec, run };

// Where the exit code was seen.
enum class ExitCodeSource {
  frame,     // the wrapper's end frame in an exec session
  payload,   // the agent's own ExitCode message
  describe,  // DescribeTasks
};

// How the output crossed an exec session (docs/exec-framing.md).
enum class UsedFraming { plain, exact };

// How much of a run's log is in its output.
enum class LogState {
  complete,     // to its proved end
  settled,      // to where nothing more came for a while after the task had stopped
  unavailable,  // it could not be read
};

// Bytes of a command's output that are kept in its result where the user says nothing else.
inline constexpr std::size_t kCaptureLimit = std::size_t{64} << 20U;

struct CommandResult {
  Mode mode = Mode::exec;
  std::string cluster, task, container;  // name, ARN, name; empty where nothing was found
  Outcome outcome = Outcome::unknown;
  // 0 to 255: what was seen. With `exited`, and with `unknown` where a 0 does not tell that the work was done
  // (feature/run/who_ended.hpp): `outcome` is the authority.
  std::optional<int> exit_code;
  std::optional<ExitCodeSource> exit_code_source;
  std::optional<Bytes> standard_output, standard_error;  // nothing where they were streamed elsewhere
  bool streams_merged = false;                           // all output is in standard_output
  std::optional<UsedFraming> framing;                    // nothing before the command started
  std::optional<LogState> logs;                          // of a run; nothing where no log was followed
  std::string stop_code, stopped_reason;                 // of a task that stopped
  std::string explanation;                       // one line for the user; empty where there is nothing to add
  std::optional<bool> retryable;                 // whether trying again can help
  std::optional<WallTime> started_at, ended_at;  // of the command, as far as we saw it
};

// The exit status of ferry for it: the command's own, else 124, 125, 130, `unknown_exit_code`, or 0 for
// detached.
int exit_status(const CommandResult& result, int unknown_exit_code = 255);

}  // namespace ferry::feature
