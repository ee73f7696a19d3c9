#include "feature/exec_picker.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"
#include "net/descriptor.hpp"
#include "sys/standard_streams.hpp"

#include <cstdio>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::size_t kLongestLine = 256;

}  // namespace

net::Task<std::size_t> pick_task(net::Loop& loop, std::vector<std::string> task_names) {
  constexpr int kAttempts = 3;
  sys::say("several tasks fit:");
  for (std::size_t i = 0; i < task_names.size(); ++i) {
    sys::write_to_stderr(fmt::format(
        "  {:>3}  {}\n", i + 1, printable(shortened(task_names[i].substr(task_names[i].rfind('/') + 1)))));
  }
  net::Descriptor terminal(loop, STDIN_FILENO);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    sys::write_to_stderr(fmt::format("ferry: which one? [1-{}] ", task_names.size()));
    const Result<Bytes> line = co_await terminal.read_some(kLongestLine);
    if (!line || line->empty()) break;
    const std::optional<std::int64_t> number = parse_integer(trim(as_text(*line)));
    if (number && *number >= 1 && static_cast<std::size_t>(*number) <= task_names.size()) {
      co_return static_cast<std::size_t>(*number) - 1;
    }
  }
  co_return task_names.size();
}

net::Task<bool> ask_yes_or_no(net::Loop& loop, std::string question) {
  sys::write_to_stderr(fmt::format("ferry: {} [y/N] ", question));
  net::Descriptor terminal(loop, STDIN_FILENO);
  const Result<Bytes> line = co_await terminal.read_some(kLongestLine);
  co_return line && !line->empty() && to_lower(trim(as_text(*line))).starts_with('y');
}

}  // namespace ferry::feature
