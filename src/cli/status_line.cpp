#include "cli/status_line.hpp"

#include "sys/standard_streams.hpp"
#include "sys/tty.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::cli {

std::string printable(std::string_view text) {
  std::string line(text);
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
  std::ranges::replace_if(line, is_control, ' ');
  return line;
}

StatusLine::StatusLine() : on_terminal_(sys::is_terminal(STDERR_FILENO)) {}

StatusLine::~StatusLine() {
  clear();
}

void StatusLine::notice(std::string_view line) {
  const std::string status = shown_;
  clear();
  sys::write_to_stderr(fmt::format("ferry: {}\n", printable(line)));
  if (on_terminal_) this->status(status);
}

void StatusLine::status(std::string_view line) {
  if (line == shown_) return;
  clear();
  shown_ = line;
  if (line.empty()) return;
  if (on_terminal_) {
    sys::write_to_stderr(fmt::format("\r\x1b[Kferry: waiting: {}", printable(line)));
  } else {
    sys::write_to_stderr(fmt::format("ferry: waiting: {}\n", printable(line)));
  }
}

void StatusLine::clear() {
  if (shown_.empty()) return;
  if (on_terminal_) sys::write_to_stderr("\r\x1b[K");
  shown_.clear();
}

}  // namespace ferry::cli
