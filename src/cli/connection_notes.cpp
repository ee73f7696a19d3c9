#include "cli/connection_notes.hpp"

#include "wire/command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {

void ConnectionNotes::setting(std::string_view name, std::string_view value, std::string_view origin) {
  debug(fmt::format("{} {}, from {}", name, value, origin));
}

void ConnectionNotes::source(std::string_view method, std::string_view finding) {
  debug(fmt::format("credentials: {}: {}", method, finding));
}

void ConnectionNotes::attempt(const aws::Attempt& attempt) {
  std::string line = fmt::format("{} {}: attempt {}, ", attempt.service, attempt.operation, attempt.number);
  line += attempt.status == 0 ? std::string("no answer") : fmt::format("status {}", attempt.status);
  if (!attempt.failure.empty()) line += fmt::format(" ({})", attempt.failure);
  line += fmt::format(", {} ms", attempt.duration.count());
  if (!attempt.request_id.empty()) line += fmt::format(", request id {}", attempt.request_id);
  debug(std::move(line));
}

void ConnectionNotes::open_file(std::string_view path) {
  if (!open_files_.emplace(path).second) return;
  fmt::print(stderr, "ferry: others can read or change {}, which holds keys or a login; chmod 600 {}\n", path,
             wire::quote_word(path));
}

// One line, whatever a peer has put into it.
void ConnectionNotes::debug(std::string line) const {
  if (!is_debug_) return;
  std::ranges::replace_if(line, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  fmt::print(stderr, "ferry: debug: {}\n", line);
}

}  // namespace ferry::cli
