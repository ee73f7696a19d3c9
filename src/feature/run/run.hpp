// Runs tasks and brings their results back: start, wait, log, verdict; and where the cause of an end may
// pass, again.
// Owns the ephemeral revision of the task definition, where one is needed, for the time of the call. What
// bounds it: the tasks' own lives, the time limit, the number of attempts, and after a stop request the time
// that a stop may take.
#pragma once

#include "aws/client.hpp"
#include "aws/logs.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/output_stream.hpp"
#include "feature/result.hpp"
#include "feature/run/attach.hpp"
#include "feature/run/input.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

struct RunOptions {
  RunRequest request;
  std::size_t count = 1;  // tasks, all the same and beside each other
  // Tasks with the request's startedBy that are going already are followed; only what is missing of `count`
  // is started.
  bool rejoin = false;
  std::optional<milliseconds>
      timeout;                      // of each attempt, RunTask's own time counted; then the task is stopped
  std::optional<Instant> began_at;  // what the first attempt's timeout counts from; nothing: from now
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
  bool heeds_signals = true;         // SIGINT, SIGTERM, SIGHUP, SIGQUIT are interrupts
  net::Event* cancel = nullptr;      // once set, an interrupt; outlives the run
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
  virtual void found(const std::string& task_arn) = 0;  // going already: RunOptions::rejoin
  // After each change: the task's lastStatus, and what it means for the moment where that is known.
  virtual void status(const std::string& task_arn, std::string_view phase) = 0;
  // Each event once, in the stream's order; late ones last.
  virtual void log(const std::string& task_arn, std::string_view container,
                   std::span<const aws::logs::Event> events) = 0;
  // The task's attempt is not the last one: nobody asks for what was kept of its log.
  virtual void superseded(const std::string& task_arn) = 0;
  virtual void notice(std::string_view line) = 0;  // one thing that the user has to know now
  virtual void second_passed() = 0;                // about once a second

  // Where the log goes, if its reader can be slow: while it is full no log is read, and the run ends only
  // once it is written, as wait_for_reader() allows.
  virtual OutputStream* output() { return nullptr; }
  // Where notices go, if that can be full; the run ends once they are written, in the same way.
  virtual OutputStream* notices() { return nullptr; }
  // The limit, in bytes, where more of the task's log came than is kept: then the task is stopped.
  [[nodiscard]] virtual std::optional<std::size_t> exceeded(const std::string& /*task_arn*/) const {
    return std::nullopt;
  }
};

struct RunReport {
  CommandResult result;
  std::string task_arn;  // empty where nothing was started
};

// One task. There is a report in any case: where nothing was started, of the outcome not_started. Signals and
// RunOptions::cancel count as interrupts throughout: the first stops the task and reads its log to the end
// (or leaves it, see detach_on_interrupt; or starts none), the second leaves it at once.
net::Task<RunReport> run(aws::Client& client, RunOptions options, RunObserver& observer);

// The same with options.count tasks, not with `attach`. `take` gets the report of each, in the order in which
// they were asked for, as soon as those before it are there too.
net::Task<> run_several(aws::Client& client, RunOptions options, RunObserver& observer,
                        std::function<void(RunReport)> take);

}  // namespace ferry::feature
