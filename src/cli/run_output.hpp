// What a run shows: the log's lines on stdout and nothing else there, or what is kept of them; on stderr few
// `ferry:` lines. The task's state is on a terminal one line that is rewritten and leaves no trace, elsewhere
// a line for each change.
// Neither of the two blocks the loop where a reader is slow. Bounded by feature::OutputStream for those who
// heed is_full(), by the limit where the log is kept; `ferry:` lines that stderr has no room for are dropped.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "feature/output_stream.hpp"
#include "feature/run/run.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
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
  // `limit`: bytes of each task's log that are kept.
  RunOutput(net::Loop& loop, Shown shown, bool names_tasks, bool names_containers,
            std::size_t limit = feature::kCaptureLimit);
  ~RunOutput() override;

  void accepted(const std::string& task_arn) override;
  void found(const std::string& task_arn) override;
  void status(const std::string& task_arn, std::string_view last_status) override;
  void log(const std::string& task_arn, std::string_view container,
           std::span<const aws::logs::Event> events) override;
  void superseded(const std::string& task_arn) override;
  void notice(std::string_view line) override;
  void second_passed() override;
  feature::OutputStream* output() override { return &stream_; }
  feature::OutputStream* notices() override { return &errors_; }
  [[nodiscard]] std::optional<std::size_t> exceeded(const std::string& task_arn) const override;

  // Spawns what writes; it is cancelled before this object goes. Where stdout cannot be written, a notice
  // says so and `consequence`; with an empty one there is none.
  void write_into(net::TaskGroup& group, std::string_view consequence = "the task goes on");
  // A line of another kind for stdout, behind what stands there.
  void line(std::string_view text);
  // The run is over: no status line any more.
  void finish();
  // What write_into() spawned has ended: from now on notices are written at once.
  void writing_has_ended() { is_writing_ = false; }
  // Nobody takes notices any more, and a further one would wait for ever.
  [[nodiscard]] bool is_unheard() const { return !errors_.failure().has_value(); }
  // What was kept of the task's log.
  Bytes take_log(const std::string& task_arn);
  // Whether stdout took everything; fails after a write that did not succeed, and where the stream was given
  // up.
  [[nodiscard]] Result<> written() const;

 private:
  net::Task<> write_output(std::string_view consequence);
  net::Task<> write_notices();
  void say(std::string_view text);
  bool is_said_first(std::string_view line);
  void keep(const std::string& task_arn, std::string_view owner, std::span<const aws::logs::Event> events);
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
  bool is_writing_ = false;
  std::string noted_status_;
  feature::OutputStream stream_, errors_;  // the latter only where stderr is no terminal
  std::size_t limit_;
  std::map<std::string, std::string> statuses_;  // by task
  std::map<std::string, Bytes> logs_;            // likewise
  std::set<std::string> over_limit_;             // likewise
  std::set<std::string, std::less<>> said_;      // of several tasks: what holds for all is said once
  Instant began_at_;
};

}  // namespace ferry::cli
