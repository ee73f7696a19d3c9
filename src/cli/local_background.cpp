#include "cli/local_background.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr char kReady = '+';
constexpr char kFailed = '-';
constexpr mode_t kOwnerOnly = 0600;

Result<> redirect(int descriptor, const std::string& path, int flags) {
  const sys::UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC, kOwnerOnly));
  if (!file.valid() || ::dup2(file.get(), descriptor) < 0) {
    return fail(system_failure(fmt::format("cannot use {}", path), errno));
  }
  return {};
}

Result<> leave_terminal(const std::string& log_path) {
  if (auto done = redirect(STDIN_FILENO, "/dev/null", O_RDONLY); !done) return done;
  if (auto done = redirect(STDOUT_FILENO, "/dev/null", O_WRONLY); !done) return done;
  const std::string errors = log_path.empty() ? "/dev/null" : log_path;
  return redirect(STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_APPEND);
}

Result<std::string> await_report(const sys::UniqueFd& pipe) {
  std::string report;
  std::array<char, 1024> buffer{};
  for (;;) {
    const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    report.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (report.starts_with(kReady)) return report.substr(1);
  if (report.starts_with(kFailed)) return fail(FailureCode::local_system, report.substr(1));
  return fail(FailureCode::local_system, "the endpoint ended before it was ready",
              "start it without -d to see why");
}

}  // namespace

void Launcher::report(char kind, std::string_view line) {
  std::string text(1, kind);
  text += line;
  // The starter may have been killed meanwhile: then nobody wants to know.
  [[maybe_unused]] const ssize_t written = ::write(pipe_.get(), text.data(), text.size());
  pipe_.reset();
}

void Launcher::report_ready(std::string_view line) {
  report(kReady, line);
}

void Launcher::report_failure(std::string_view line) {
  report(kFailed, line);
}

Result<std::variant<Launcher, std::string>> split_into_background(const std::string& log_path) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(system_failure("cannot make a pipe", errno));
  sys::UniqueFd reading(ends[0]);
  sys::UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return fail(system_failure("cannot start a process", errno));
  if (child > 0) {
    writing.reset();
    // The child ends at once: it only starts the process that goes on, so that init adopts that one.
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    auto line = await_report(reading);
    if (!line) return fail(std::move(line.error()));
    return std::move(*line);
  }
  ::setsid();
  const pid_t grandchild = ::fork();
  if (grandchild != 0) ::_exit(grandchild < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
  reading.reset();
  Launcher launcher(std::move(writing));
  if (auto left = leave_terminal(log_path); !left) {
    launcher.report_failure(left.error().line());
    return fail(std::move(left.error()));
  }
  return launcher;
}

}  // namespace ferry::cli
