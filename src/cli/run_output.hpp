// What a run shows: the log's lines on stdout and nothing else there; on stderr few `ferry:` lines. The
// task's state is on a terminal one line that is rewritten and leaves no trace, elsewhere a line for each
// change.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "feature/run/run.hpp"

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace ferry::cli {

class RunOutput final : public feature::RunObserver {
 public:
  // What stdout gets: the log as it comes, the task's ARN, or nothing, and the log is kept.
  enum class Shown { log, arn, nothing };
  // Before each line of the log stands whose it is, as far as that can be asked: the task where there are
  // several, the container where several are shown.
  RunOutput(Shown shown, bool names_tasks, bool names_containers);
  ~RunOutput() override;

  void accepted(const std::string& task_arn) override;
  void found(const std::string& task_arn) override;
  void status(const std::string& task_arn, std::string_view last_status) override;
  void log(const std::string& task_arn, std::string_view container,
           std::span<const aws::logs::Event> events) override;
  void notice(std::string_view line) override;
  void second_passed() override;

  // The run is over: no status line any more.
  void finish();
  // What was kept of the task's log.
  Bytes take_log(const std::string& task_arn);
  // Whether stdout took everything; fails after a write that did not succeed.
  [[nodiscard]] Result<> written() const;

 private:
  void write(std::string_view text);
  [[nodiscard]] std::string prefix(const std::string& task_arn, std::string_view container) const;
  [[nodiscard]] std::string status_text() const;
  [[nodiscard]] std::string elapsed() const;
  void show_status();
  void note_status();
  void clear_status();

  Shown shown_;
  bool names_tasks_, names_containers_;
  bool on_terminal_;
  bool status_shown_ = false;
  std::string noted_status_;
  int write_error_ = 0;
  std::map<std::string, std::string> statuses_;  // by task
  std::map<std::string, Bytes> logs_;            // likewise
  std::set<std::string, std::less<>> said_;      // of several tasks: what holds for all is said once
  Instant began_at_;
};

}  // namespace ferry::cli
