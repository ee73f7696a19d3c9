// Runs one task and brings its result back: start, wait, log, verdict; and where the cause of its end may
// pass, again.
// Owns the ephemeral revision of the task definition, where one is needed, for the time of the call. What
// bounds it: the task's own life, the time limit, the number of attempts, and after a stop request the time
// that a stop may take.
#pragma once

#include "aws/client.hpp"
#include "aws/logs.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/result.hpp"
#include "feature/run/attach.hpp"
#include "feature/run/input.hpp"
#include "net/task.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

struct RunOptions {
  RunRequest request;
  std::optional<milliseconds> timeout;  // of each attempt, from RunTask's answer on; then the task is stopped
  // Further attempts, each with a task of its own, where the cause of the last one's end may pass.
  int retries = 0;
  std::vector<int> retry_on_exit;  // exit codes of the command that count as such a cause
  // Capacity providers in the order to try them: the next one where one has no capacity. Empty: as the
  // request says.
  std::vector<std::string> capacity;
  // The command runs in a session of the task instead; its output goes where the session's options say.
  std::optional<AttachOptions> attach;
  std::string journal_folder;        // of ephemeral revisions: revision_journal_folder()
  bool all_containers = false;       // every container's log, not only the chosen one's
  bool detach = false;               // end when the task is accepted
  bool detach_on_interrupt = false;  // leave the task running at the first interrupt too
  std::string connection_flags;      // quoted, for the commands that explanations suggest; may be empty
};

// Where a run shows what happens. Called on the loop's thread, never after run() has ended.
class RunObserver {
 public:
  RunObserver() = default;
  virtual ~RunObserver() = default;
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;

  virtual void accepted(const std::string& task_arn) = 0;
  virtual void status(std::string_view last_status) = 0;  // after each change
  // Each event once, in the stream's order; late ones last.
  virtual void log(std::string_view container, std::span<const aws::logs::Event> events) = 0;
  virtual void notice(std::string_view line) = 0;  // one thing that the user has to know now
  virtual void second_passed() = 0;                // about once a second
};

struct RunReport {
  CommandResult result;
  std::string task_arn;  // empty where nothing was started
};

// Fails where nothing was started: the request makes no sense, or a call was refused. From RunTask's
// acceptance on there is a report. SIGINT, SIGTERM and SIGHUP count as interrupts from the moment RunTask is
// sent: the first stops the task and reads its log to the end (or leaves it, see detach_on_interrupt), the
// second leaves it at once.
net::Task<Result<RunReport>> run(aws::Client& client, RunOptions options, RunObserver& observer);

}  // namespace ferry::feature
