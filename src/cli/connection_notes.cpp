#include "cli/connection_notes.hpp"

#include "sys/standard_streams.hpp"
#include "wire/command_line.hpp"

#include <string>

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
  debug(line);
}

void ConnectionNotes::open_file(std::string_view path) {
  if (!open_files_.emplace(path).second) return;
  sys::say(fmt::format("others can read or change {}, which holds keys or a login; chmod 600 {}", path,
                       wire::quote_word(path)));
}

void ConnectionNotes::debug(std::string_view line) const {
  if (is_debug_) sys::say(fmt::format("debug: {}", line));
}

}  // namespace ferry::cli
