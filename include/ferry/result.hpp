// What became of a command that ferry ran. A value: copy it, move it, keep it; thread-safe like any value.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace ferry {

// Only `exited` tells how the command ended; success is never reported where it was not seen.
enum class Outcome {
  exited,       // the command ended and its exit code is known
  timeout,      // Options::timeout came first; the command, or the task of a run, was ended
  interrupted,  // Options::cancel or a signal came first; likewise
  lost,         // the connection or the session ended before the result came
  not_started,  // the command never ran: no such task, the service refused, the task stopped before, ...
  unknown,      // it ran, or may have, but nothing tells how it ended (no shell in the image)
  failed,       // the request makes no sense, or this machine failed (a descriptor cannot be written)
};

// How output crosses the session: text as readable text, or everything encoded and compressed.
// `automatic` is exact where the cluster says that exec sessions are not logged, otherwise plain. The bytes
// that arrive are the same in each case.
enum class Framing { automatic, plain, exact };

// Where the exit code was seen: in the frame that ends the output, in the agent's own message, or in ECS's
// description of the stopped task.
enum class ExitCodeSource { frame, payload, describe };

// How the command was run.
enum class Mode { exec, run };

// How much of a run's log is in its output.
enum class LogState {
  complete,     // to its proved end (of `ferry local`; AWS never proves it)
  settled,      // to where nothing more came for 3 s after the task had stopped
  unavailable,  // it could not be read
};

struct CommandResult {
  Mode mode = Mode::exec;
  Outcome outcome = Outcome::unknown;
  // 0 to 255, 128+n for signal n. Always where `outcome` is exited; also with the outcome unknown of a run
  // whose container ended with 0 because its task was being stopped: succeeded() is false then.
  std::optional<int> exit_code;
  std::optional<ExitCodeSource> exit_code_source;

  // The bytes that the command wrote, unchanged; nothing where Options sends them elsewhere.
  std::optional<std::string> standard_output, standard_error;
  // The image lacks what keeps them apart: both streams are in the standard output.
  bool streams_merged = false;
  std::optional<Framing> framing;  // plain or exact; nothing where no exec session was opened
  std::optional<LogState> logs;    // of a run; nothing where no log was followed

  std::string cluster, task, container;   // name, ARN, name; empty where not known
  std::string stop_code, stopped_reason;  // of a task that stopped meanwhile; otherwise empty
  std::string explanation;                // one line for a person; empty where there is nothing to add
  std::optional<bool> retryable;          // whether trying again can help; nothing where not known

  // When the command started and ended, as seen from here; nothing where not seen.
  std::optional<std::chrono::system_clock::time_point> started_at, ended_at;

  // True for exit code 0, and for nothing else.
  [[nodiscard]] bool succeeded() const { return outcome == Outcome::exited && exit_code == 0; }
};

// The exit status that the program `ferry` has for it: the command's own, 124 timeout, 125 not started or
// failed, 130 interrupted, and `unknown_exit_code` (1 to 255) for lost and unknown.
int exit_status(const CommandResult& result, int unknown_exit_code = 255);

// The JSON object that `ferry exec -o json` and `ferry run -o json` print, without a line end. Output that is
// not UTF-8 is base64 and said to be. `failed` has no word of its own there: it reads "unknown".
std::string to_json(const CommandResult& result);

}  // namespace ferry
