// Going on in the background: the part of `ferry local up -d` that is about processes.
#pragma once

#include "base/result.hpp"
#include "sys/unique_fd.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace ferry::cli {

// What the background process tells the one that started it: a line, once.
class Launcher {
 public:
  explicit Launcher(sys::UniqueFd pipe) : pipe_(std::move(pipe)) {}
  // The line for the starter's stdout; it then ends with status 0.
  void report_ready(std::string_view line);
  // The failure that the starter shows; it then ends with that failure.
  void report_failure(std::string_view line);

 private:
  void report(char kind, std::string_view line);
  sys::UniqueFd pipe_;
};

// Splits the process in two. The new one has no terminal, stdin and stdout at /dev/null, stderr in
// `log_path` (at /dev/null where that is empty), and gets the Launcher. The old one waits for the new one's
// report and gets the line of report_ready(), or the failure. Must be called before the process has threads.
Result<std::variant<Launcher, std::string>> split_into_background(const std::string& log_path);

}  // namespace ferry::cli
