#include "cli/run_output.hpp"

#include "base/printable.hpp"
#include "net/clock.hpp"
#include "sys/standard_streams.hpp"
#include "sys/tty.hpp"

#include <cerrno>
#include <cstdio>
#include <optional>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {

RunOutput::RunOutput(Shown shown, bool names_tasks, bool names_containers)
    : shown_(shown),
      names_tasks_(names_tasks),
      names_containers_(names_containers),
      on_terminal_(sys::is_terminal(STDERR_FILENO)),
      began_at_(net::steady_now()) {}

RunOutput::~RunOutput() {
  clear_status();
}

void RunOutput::accepted(const std::string& task_arn) {
  if (shown_ == Shown::arn) {
    write(printable(task_arn) + "\n");
  } else {
    notice(fmt::format("started task {}", task_arn));
  }
}

void RunOutput::found(const std::string& task_arn) {
  if (shown_ == Shown::arn) write(printable(task_arn) + "\n");
  notice(fmt::format("already started: following task {}", task_arn));
}

void RunOutput::status(const std::string& task_arn, std::string_view last_status) {
  if (last_status.empty()) {
    clear_status();
    statuses_.erase(task_arn);
  } else {
    statuses_[task_arn] = last_status;
  }
  if (!names_tasks_) note_status();
  show_status();
}

// "[0123abcd app] ": what `ferry logs` takes for the task, and the container.
std::string RunOutput::prefix(const std::string& task_arn, std::string_view container) const {
  constexpr std::size_t kShownOfId = 8;
  std::string owner;
  if (names_tasks_) owner = task_arn.substr(task_arn.rfind('/') + 1, kShownOfId);
  if (names_containers_) owner += fmt::format("{}{}", owner.empty() ? "" : " ", container);
  return owner.empty() ? owner : fmt::format("[{}] ", printable(shortened(owner)));
}

void RunOutput::log(const std::string& task_arn, std::string_view container,
                    std::span<const aws::logs::Event> events) {
  std::string text;
  if (shown_ == Shown::nothing) {
    const std::string of_container = names_containers_ ? fmt::format("[{}] ", container) : "";
    for (const aws::logs::Event& event : events) text += of_container + event.message + '\n';
    Bytes& kept = logs_[task_arn];
    kept.insert(kept.end(), text.begin(), text.end());
    return;
  }
  const std::string owner = prefix(task_arn, container);
  for (const aws::logs::Event& event : events) text += owner + event.message + '\n';
  clear_status();
  write(text);
  show_status();
}

Bytes RunOutput::take_log(const std::string& task_arn) {
  return std::exchange(logs_[task_arn], {});
}

void RunOutput::notice(std::string_view line) {
  if (names_tasks_ && !said_.emplace(line).second) return;
  clear_status();
  sys::say(line);
  show_status();
}

void RunOutput::second_passed() {
  note_status();
  show_status();
}

void RunOutput::finish() {
  note_status();
  clear_status();
  statuses_.clear();
}

Result<> RunOutput::written() const {
  if (write_error_ == 0) return {};
  return fail(system_failure("cannot write to stdout", write_error_));
}

// After a failed write the rest is dropped: the task goes on, and the run ends with the failure.
void RunOutput::write(std::string_view text) {
  if (write_error_ != 0) return;
  errno = 0;
  const std::size_t count = std::fwrite(text.data(), 1, text.size(), stdout);
  if (count == text.size() && std::fflush(stdout) == 0) return;
  write_error_ = errno == 0 ? EIO : errno;
  notice(fmt::format("{}; the task goes on", written().error().line()));
}

// One task's state, or of several how many are in which.
std::string RunOutput::status_text() const {
  if (!names_tasks_) return printable(statuses_.begin()->second);
  std::map<std::string_view, int> counts;
  for (const auto& [task, status] : statuses_) ++counts[status];
  std::string text;
  for (const auto& [status, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, printable(status));
  return text;
}

std::string RunOutput::elapsed() const {
  const auto passed = std::chrono::duration_cast<seconds>(net::steady_now() - began_at_).count();
  return fmt::format("{}:{:02}", passed / 60, passed % 60);
}

// Cut to the terminal's width: a line that wraps could not be rewritten.
void RunOutput::show_status() {
  if (!on_terminal_ || statuses_.empty()) return;
  std::string line = fmt::format("ferry: {} {}", status_text(), elapsed());
  const std::optional<sys::WindowSize> window = sys::window_size(STDERR_FILENO);
  if (window && window->columns > 1 && line.size() >= window->columns) line.resize(window->columns - 1U);
  sys::rewrite_last_line(line);
  status_shown_ = true;
}

// Where no line can be rewritten each change is a line; of several tasks, which change all the time, once a
// second.
void RunOutput::note_status() {
  if (on_terminal_ || statuses_.empty()) return;
  std::string text = status_text();
  if (text == noted_status_) return;
  noted_status_ = std::move(text);
  sys::say(fmt::format("{} {}", noted_status_, elapsed()));
}

void RunOutput::clear_status() {
  if (!status_shown_) return;
  sys::rewrite_last_line({});
  status_shown_ = false;
}

}  // namespace ferry::cli
