#include "cli/status_line.hpp"

#include "sys/standard_streams.hpp"
#include "sys/tty.hpp"

#include <unistd.h>

#include <fmt/format.h>

namespace ferry::cli {

StatusLine::StatusLine() : on_terminal_(sys::is_terminal(STDERR_FILENO)) {}

StatusLine::~StatusLine() {
  clear();
}

void StatusLine::notice(std::string_view line) {
  const std::string status = shown_;
  clear();
  sys::say(line);
  if (on_terminal_) this->status(status);
}

void StatusLine::status(std::string_view line) {
  if (line == shown_) return;
  clear();
  shown_ = line;
  if (line.empty()) return;
  if (on_terminal_) {
    sys::rewrite_last_line(fmt::format("ferry: waiting: {}", line));
  } else {
    sys::say(fmt::format("waiting: {}", line));
  }
}

void StatusLine::clear() {
  if (shown_.empty()) return;
  if (on_terminal_) sys::rewrite_last_line({});
  shown_.clear();
}

}  // namespace ferry::cli
