#include "cli/run_output.hpp"

#include "cli/status_line.hpp"
#include "net/clock.hpp"
#include "sys/tty.hpp"

#include <cerrno>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {

RunOutput::RunOutput(Shown shown, bool names_containers)
    : shown_(shown),
      names_containers_(names_containers),
      on_terminal_(sys::is_terminal(STDERR_FILENO)),
      began_at_(net::steady_now()) {}

RunOutput::~RunOutput() {
  clear_status();
}

void RunOutput::accepted(const std::string& task_arn) {
  if (shown_ == Shown::arn) {
    write(task_arn + "\n");
  } else {
    notice(fmt::format("started task {}", task_arn));
  }
}

void RunOutput::status(std::string_view last_status) {
  status_ = last_status;
  if (status_.empty()) clear_status();
  show_status();
}

void RunOutput::log(std::string_view container, std::span<const aws::logs::Event> events) {
  std::string text;
  for (const aws::logs::Event& event : events) {
    if (names_containers_) text += fmt::format("[{}] ", container);
    text += event.message;
    text += '\n';
  }
  if (shown_ == Shown::nothing) {
    log_.insert(log_.end(), text.begin(), text.end());
    return;
  }
  clear_status();
  write(text);
  show_status();
}

Bytes RunOutput::take_log() {
  return std::exchange(log_, {});
}

void RunOutput::notice(std::string_view line) {
  clear_status();
  fmt::print(stderr, "ferry: {}\n", printable(line));
  show_status();
}

void RunOutput::second_passed() {
  show_status();
}

void RunOutput::finish() {
  clear_status();
  status_.clear();
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

void RunOutput::show_status() {
  if (!on_terminal_ || status_.empty()) return;
  const auto elapsed = std::chrono::duration_cast<seconds>(net::steady_now() - began_at_).count();
  fmt::print(stderr, "\r\x1b[Kferry: {} {}:{:02}", printable(status_), elapsed / 60, elapsed % 60);
  status_shown_ = true;
}

void RunOutput::clear_status() {
  if (!status_shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  status_shown_ = false;
}

}  // namespace ferry::cli
