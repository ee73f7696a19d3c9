#include "library/log_output.hpp"

#include "base/text.hpp"

#include <cerrno>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace ferry::library {
namespace {

// Waits for a slow reader, also where the descriptor does not block by itself.
Result<> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      static_cast<void>(::poll(&writable, 1, -1));  // a failure shows at the next write
    } else if (errno != EINTR) {
      return fail(system_failure("cannot write the log", errno));
    }
  }
  return {};
}

}  // namespace

LogOutput::LogOutput(feature::OutputSink sink, std::function<void(std::string_view)> notice)
    : sink_(std::move(sink)), notice_(std::move(notice)) {}

void LogOutput::accepted(const std::string& task_arn) {
  notice_(fmt::format("started task {}", task_arn));
}

void LogOutput::found(const std::string& task_arn) {
  notice_(fmt::format("already started: following task {}", task_arn));
}

void LogOutput::status(const std::string& /*task_arn*/, std::string_view /*phase*/) {}

void LogOutput::log(const std::string& /*task_arn*/, std::string_view /*container*/,
                    std::span<const aws::logs::Event> events) {
  std::string text;
  for (const aws::logs::Event& event : events) text += event.message + '\n';
  write(text);
}

void LogOutput::notice(std::string_view line) {
  notice_(line);
}

void LogOutput::second_passed() {}

void LogOutput::write(std::string_view text) {
  if (!written_ || text.empty()) return;
  if (const auto* function = std::get_if<std::function<void(BytesView)>>(&sink_)) {
    (*function)(as_bytes(text));
  } else {
    written_ = write_all(std::get<int>(sink_), text);
  }
}

}  // namespace ferry::library
