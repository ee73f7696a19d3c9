#include "cli/run_output.hpp"

#include "base/printable.hpp"
#include "cli/status_line.hpp"
#include "feature/run/log_lines.hpp"
#include "net/clock.hpp"
#include "sys/standard_streams.hpp"
#include "sys/tty.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {

RunOutput::RunOutput(net::Loop& loop, Shown shown, bool names_tasks, bool names_containers, std::size_t limit)
    : shown_(shown),
      names_tasks_(names_tasks),
      names_containers_(names_containers),
      on_terminal_(sys::is_terminal(STDERR_FILENO)),
      stream_(loop, STDOUT_FILENO, [this] { show_status(); }),
      errors_(loop, STDERR_FILENO, [] {}),
      limit_(limit),
      began_at_(net::steady_now()) {}

RunOutput::~RunOutput() {
  clear_status();
}

void RunOutput::accepted(const std::string& task_arn) {
  if (shown_ == Shown::arn) {
    line(printable(task_arn));
  } else {
    notice(fmt::format("started task {}", task_arn));
  }
}

void RunOutput::found(const std::string& task_arn) {
  if (shown_ == Shown::arn) line(printable(task_arn));
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
  if (shown_ == Shown::nothing) {
    keep(task_arn, names_containers_ ? fmt::format("[{}] ", container) : "", events);
    return;
  }
  const std::string owner = prefix(task_arn, container);
  std::string text;
  for (const aws::logs::Event& event : events) text += feature::log_lines(owner, event.message);
  clear_status();
  stream_.put(as_bytes(text));
}

void RunOutput::keep(const std::string& task_arn, std::string_view owner,
                     std::span<const aws::logs::Event> events) {
  Bytes& kept = logs_[task_arn];
  for (const aws::logs::Event& event : events) {
    const std::string text = feature::log_lines(owner, event.message);
    const std::size_t room = limit_ - kept.size();
    if (text.size() > room) over_limit_.insert(task_arn);
    const BytesView fitting = as_bytes(text).first(std::min(room, text.size()));
    kept.insert(kept.end(), fitting.begin(), fitting.end());
  }
}

std::optional<std::size_t> RunOutput::exceeded(const std::string& task_arn) const {
  return over_limit_.contains(task_arn) ? std::optional(limit_) : std::nullopt;
}

void RunOutput::superseded(const std::string& task_arn) {
  logs_.erase(task_arn);
  over_limit_.erase(task_arn);
  statuses_.erase(task_arn);
}

Bytes RunOutput::take_log(const std::string& task_arn) {
  const auto kept = logs_.extract(task_arn);
  return kept.empty() ? Bytes() : std::move(kept.mapped());
}

void RunOutput::notice(std::string_view line) {
  if (names_tasks_ && !is_said_first(line)) return;
  clear_status();
  say(sys::own_line(line));
  show_status();
}

// Of lines that are many or long not each is remembered.
bool RunOutput::is_said_first(std::string_view line) {
  constexpr std::size_t kMostSaid = 1'000;
  std::string text = shortened(line);
  return said_.size() < kMostSaid ? said_.insert(std::move(text)).second : !said_.contains(text);
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
  if (stream_.failure()) return {};
  return fail(stream_.failure().error().in("standard output"));
}

void RunOutput::line(std::string_view text) {
  clear_status();
  stream_.put(as_bytes(fmt::format("{}\n", text)));
}

void RunOutput::write_into(net::TaskGroup& group, std::string_view consequence) {
  is_writing_ = true;
  group.spawn(write_output(consequence));
  group.spawn(write_notices());
}

// Nobody can be told of a stderr that cannot be written.
net::Task<> RunOutput::write_notices() {
  co_await errors_.run();
}

void RunOutput::say(std::string_view text) {
  if (on_terminal_ || (!is_writing_ && !is_unheard())) {
    sys::write_to_stderr(text);
  } else if (!errors_.is_full()) {
    errors_.put(as_bytes(text));
  }
}

// After a failed write the rest is dropped: the task goes on, and the run ends with the failure.
net::Task<> RunOutput::write_output(std::string_view consequence) {
  const Result<> written = co_await stream_.run();
  if (!written && !consequence.empty())
    notice(fmt::format("{}; {}", this->written().error().line(), consequence));
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

// A line of its own below what stdout has written. Cut to the terminal's width: a line that wraps could not
// be rewritten.
void RunOutput::show_status() {
  if (!on_terminal_ || statuses_.empty() || stream_.waiting() > 0) return;
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
  say(sys::own_line(fmt::format("{} {}", noted_status_, elapsed())));
}

void RunOutput::clear_status() {
  if (!status_shown_) return;
  sys::rewrite_last_line({});
  status_shown_ = false;
}

}  // namespace ferry::cli
