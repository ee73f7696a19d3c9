#include "sys/child.hpp"

#include "base/text.hpp"
#include "sys/child_guard.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::sys {

namespace {

// What the child tells us before exec closes the pipe.
struct Report {
  enum class Kind : int { handed_over, guarded, no_surroundings, no_directory, not_executed };
  Kind kind = Kind::handed_over;
  int error_number = 0;
  pid_t pid = 0;       // of the process that goes on, inside the entered namespaces or below its guard
  int candidate = -1;  // which of the plan's is there and could not be executed
};

// Everything the child needs, made before the fork: between fork and exec nothing may allocate.
struct Plan {
  const ChildSpec& spec;
  std::vector<std::string> candidates;
  std::vector<char*> argv, environment;
  std::vector<int> moved;  // the descriptors, out of the way of their targets
  int report = -1;
  pid_t parent = 0;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  // exec takes char* for historical reasons and writes nothing.
  for (const std::string& text : texts)
    result.push_back(const_cast<char*>(text.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  result.push_back(nullptr);
  return result;
}

void tell(const Plan& plan, const Report& report) {
  // Smaller than PIPE_BUF: written whole. If the parent is gone nobody minds.
  [[maybe_unused]] const auto written = ::write(plan.report, &report, sizeof report);
}

[[noreturn]] void give_up(const Plan& plan, Report::Kind kind, int error_number) {
  tell(plan, {.kind = kind, .error_number = error_number, .pid = 0, .candidate = -1});
  ::_exit(127);
}

void arrange_descriptors(Plan& plan) {
  const auto& wanted = plan.spec.descriptors;
  const int first_free = static_cast<int>(wanted.size());
  plan.report = ::fcntl(plan.report, F_DUPFD_CLOEXEC, first_free);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const int source = wanted[i] == empty_input ? open_empty_input() : wanted[i];
    plan.moved[i] = ::fcntl(source, F_DUPFD_CLOEXEC, first_free);
    if (plan.moved[i] < 0) give_up(plan, Report::Kind::no_surroundings, errno);
  }
  for (int i = 0; i < first_free; ++i)
    if (::dup2(plan.moved[static_cast<std::size_t>(i)], i) < 0)
      give_up(plan, Report::Kind::no_surroundings, errno);
  if (::syscall(SYS_close_range, static_cast<unsigned>(first_free), ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    give_up(plan, Report::Kind::no_surroundings, errno);
}

void reset_signals() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

bool is_executable_file(const char* path) {
  struct stat found{};
  return ::stat(path, &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & 0111U) != 0;
}

[[noreturn]] void execute(const Plan& plan) {
  Report report{.kind = Report::Kind::not_executed, .error_number = ENOENT, .pid = 0, .candidate = -1};
  for (std::size_t i = 0; i < plan.candidates.size(); ++i) {
    const char* candidate = plan.candidates[i].c_str();
    ::execve(candidate, plan.argv.data(), plan.environment.data());
    const int error = errno;
    if (report.candidate < 0 && is_executable_file(candidate)) report.candidate = static_cast<int>(i);
    if (error == ENOENT || error == ENOTDIR) continue;
    report.error_number = error;
    if (error != EACCES) break;
  }
  tell(plan, report);
  ::_exit(127);
}

[[noreturn]] void become_program(Plan& plan) {
  const ChildSpec& spec = plan.spec;
  ::setsid();
  arrange_descriptors(plan);
  if (spec.has_terminal && ::ioctl(0, TIOCSCTTY, 0) != 0) give_up(plan, Report::Kind::no_surroundings, errno);
  if (spec.ends_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // It may have ended before we asked. Inside another PID namespace our parent has no number.
    if (!spec.entry && ::getppid() != plan.parent) ::_exit(127);
  }
  if (!spec.working_directory.empty() && ::chdir(spec.working_directory.c_str()) != 0)
    give_up(plan, Report::Kind::no_directory, errno);
  if (spec.allowed_capabilities)
    if (const int error = limit_capabilities(*spec.allowed_capabilities); error != 0)
      give_up(plan, Report::Kind::no_surroundings, error);
  reset_signals();
  if (!spec.syscall_filter.empty())
    if (const int error = apply_syscall_filter(spec.syscall_filter); error != 0)
      give_up(plan, Report::Kind::no_surroundings, error);
  execute(plan);
}

// Goes on in a child; the caller stays as its guard.
void continue_guarded(Plan& plan) {
  const int parent_end = become_guard(plan.parent);
  if (parent_end < 0) give_up(plan, Report::Kind::no_surroundings, errno == 0 ? ESRCH : errno);
  const pid_t guard = ::getpid();
  const pid_t program = ::fork();
  if (program < 0) give_up(plan, Report::Kind::no_surroundings, errno);
  if (program == 0) {
    plan.parent = guard;
    return;
  }
  tell(plan, {.kind = Report::Kind::guarded, .error_number = 0, .pid = program, .candidate = -1});
  guard_program(program, parent_end);
}

[[noreturn]] void run_child(Plan& plan) {
  if (plan.spec.is_guarded) continue_guarded(plan);
  if (plan.spec.read_only_host)
    if (const int error = make_host_read_only(*plan.spec.read_only_host); error != 0)
      give_up(plan, Report::Kind::no_surroundings, error);
  if (!plan.spec.entry) become_program(plan);

  if (const int error = enter_namespaces(*plan.spec.entry); error != 0)
    give_up(plan, Report::Kind::no_surroundings, error);
  // Only a new process is inside the PID namespace. CLONE_PARENT makes it our parent's child, not ours.
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
  if (pid < 0) give_up(plan, Report::Kind::no_surroundings, errno);
  if (pid == 0) become_program(plan);
  tell(plan, {.kind = Report::Kind::handed_over, .error_number = 0, .pid = pid, .candidate = -1});
  ::_exit(0);
}

using Clock = std::chrono::steady_clock;

// After SIGKILL: what the kernel does not let go in that time (a dead network file system) is left to it.
constexpr milliseconds kLongestDying{2'000};

// False where the time was over first.
bool is_readable_before(int fd, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max(left, milliseconds(0)).count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// All that the child says until exec, or its end, closes the pipe; or until the time is over.
std::vector<Report> read_reports(int pipe_end, Clock::time_point deadline, bool& is_late) {
  std::vector<Report> reports;
  while (true) {
    if (!is_readable_before(pipe_end, deadline)) {
      is_late = true;
      return reports;
    }
    Report report;
    const auto count = ::read(pipe_end, &report, sizeof report);
    if (count < 0 && errno == EINTR) continue;
    if (count != static_cast<ssize_t>(sizeof report)) return reports;
    reports.push_back(report);
  }
}

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

// A child of ours that has ended or is about to.
void reap(pid_t pid) {
  const UniqueFd end = open_pidfd(pid);
  if (!end.valid() || is_readable_before(end.get(), Clock::now() + kLongestDying))
    ::waitpid(pid, nullptr, WNOHANG);
}

void kill_and_reap(pid_t pid) {
  ::kill(pid, SIGKILL);
  reap(pid);
}

pid_t fork_with_signals_blocked(Plan& plan) {
  // So that no handler of ours runs in the child before it has reset them.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) run_child(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

// The kernel's texts end at a NUL: what follows it would be dropped in silence.
Result<> check_texts(const ChildSpec& spec) {
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  const bool is_whole = std::ranges::none_of(spec.argv, has_nul) &&
                        std::ranges::none_of(spec.environment, has_nul) && !has_nul(spec.working_directory);
  if (is_whole) return {};
  return fail(FailureCode::usage,
              "a program's arguments, environment and directory cannot have NUL characters",
              "leave the NUL out");
}

// Where the program is that could not be executed; empty: nowhere.
std::string found_at(const ChildSpec& spec, const Report& report) {
  const std::vector<std::string> candidates =
      program_candidates(spec.program.empty() ? spec.argv.front() : spec.program, spec.search_path);
  const auto index = static_cast<std::size_t>(report.candidate);
  return report.candidate < 0 || index >= candidates.size() ? std::string() : candidates[index];
}

// "Permission denied" as Go has it.
std::string reason_in_lower_case(int error_number) {
  std::string reason = std::generic_category().message(error_number);
  if (!reason.empty() && reason.front() >= 'A' && reason.front() <= 'Z') reason.front() += 'a' - 'A';
  return reason;
}

Failure of_start(std::string what, int error_number) {
  const bool is_missing = error_number == ENOENT || error_number == ENOTDIR;
  const bool is_denied = error_number == EACCES || error_number == EPERM || error_number == ENOEXEC;
  return {.code = is_missing  ? FailureCode::not_found
                  : is_denied ? FailureCode::denied
                              : FailureCode::local_system,
          .what = std::move(what),
          .hint = {},
          .service_code = {}};
}

Failure failure_of(const ChildSpec& spec, const Report& report) {
  switch (report.kind) {
    case Report::Kind::not_executed:
      if (spec.words == StartWords::agent)
        return go_execution_failure(spec.argv.front(), found_at(spec, report), report.error_number);
      return execution_failure(spec.argv.front(), report.error_number);
    case Report::Kind::no_directory: {
      Failure failure =
          system_failure(fmt::format("chdir to cwd (\"{}\")", spec.working_directory), report.error_number);
      failure.code = report.error_number == EACCES ? FailureCode::denied : FailureCode::not_found;
      return failure;
    }
    case Report::Kind::handed_over:
    case Report::Kind::guarded:
    case Report::Kind::no_surroundings:
      break;
  }
  const std::string_view where = spec.entry            ? "cannot enter the container for"
                                 : spec.read_only_host ? "cannot mount a private view of the files for"
                                                       : "cannot start";
  return system_failure(fmt::format("{} {}", where, spec.argv.front()), report.error_number);
}

}  // namespace

std::vector<std::string> program_candidates(const std::string& name, std::string_view search_path) {
  if (name.find('/') != std::string::npos) return {name};
  std::vector<std::string> candidates;
  if (name.empty()) return candidates;
  for (const std::string_view folder : split(search_path, ':'))
    candidates.push_back(fmt::format("{}/{}", folder.empty() ? "." : folder, name));
  return candidates;
}

Failure execution_failure(const std::string& name, int error_number) {
  const bool is_missing = error_number == ENOENT || error_number == ENOTDIR;
  const std::string reason = is_missing && name.find('/') == std::string::npos
                                 ? "executable file not found in $PATH"
                                 : reason_in_lower_case(error_number);
  return of_start(fmt::format("exec: \"{}\": {}", name, reason), error_number);
}

Failure go_execution_failure(const std::string& name, const std::string& found, int error_number) {
  if (name.empty()) return of_start("exec: no command", ENOENT);
  const bool is_path = name.find('/') != std::string::npos;
  if (!is_path && found.empty())
    return of_start(fmt::format("exec: \"{}\": executable file not found in $PATH", name), ENOENT);
  return of_start(fmt::format("fork/exec {}: {}", is_path ? name : found, reason_in_lower_case(error_number)),
                  error_number);
}

Result<Child> Child::start(const ChildSpec& spec) {
  if (auto checked = check_texts(spec); !checked) return fail(std::move(checked.error()));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(system_failure("cannot make a pipe", errno));
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  Plan plan{.spec = spec,
            .candidates =
                program_candidates(spec.program.empty() ? spec.argv.front() : spec.program, spec.search_path),
            .argv = pointers(spec.argv),
            .environment = pointers(spec.environment),
            .moved = std::vector<int>(spec.descriptors.size(), -1),
            .report = writing.get(),
            .parent = ::getpid()};

  pid_t pid = fork_with_signals_blocked(plan);
  if (pid < 0) return fail(system_failure(fmt::format("cannot start {}", spec.argv.front()), errno));
  writing.reset();
  bool is_late = false;
  const std::vector<Report> reports = read_reports(reading.get(), Clock::now() + spec.longest_start, is_late);
  if (!reports.empty() && reports.front().kind == Report::Kind::handed_over) {
    reap(pid);
    pid = reports.front().pid;
  }
  if (is_late) {
    kill_and_reap(pid);
    return fail(FailureCode::timed_out, fmt::format("{} has not started within {} ms", spec.argv.front(),
                                                    spec.longest_start.count()));
  }
  const auto failed = std::ranges::find_if(reports, [](const Report& report) {
    return report.kind != Report::Kind::handed_over && report.kind != Report::Kind::guarded;
  });
  if (failed != reports.end()) {
    reap(pid);
    return fail(failure_of(spec, *failed));
  }
  UniqueFd end = open_pidfd(pid);
  if (!end.valid()) {
    const int error = errno;
    kill_and_reap(pid);
    return fail(system_failure("cannot open a pidfd", error));
  }
  const auto guarded = std::ranges::find(reports, Report::Kind::guarded, &Report::kind);
  if (guarded == reports.end()) return Child(pid, std::move(end), 0, UniqueFd());
  UniqueFd program_end = open_pidfd(guarded->pid);
  if (!program_end.valid() && errno != ESRCH) {
    const int error = errno;
    kill_and_reap(pid);
    return fail(system_failure("cannot open a pidfd", error));
  }
  return Child(pid, std::move(end), guarded->pid, std::move(program_end));
}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  kill();
  pid_ = other.pid_;
  end_ = std::move(other.end_);
  program_ = other.program_;
  program_end_ = std::move(other.program_end_);
  exit_code_ = other.exit_code_;
  return *this;
}

Child::~Child() {
  kill();
}

std::optional<int> Child::poll_exit() {
  if (exit_code_ || !end_.valid()) return exit_code_;
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(end_.get()), &info, WEXITED | WNOHANG) != 0) {
    // Somebody else reaped it (SIGCHLD ignored): its status is gone, and 255 is what stands for that.
    constexpr int unknown = 255;
    if (errno == ECHILD) exit_code_ = unknown;
    return exit_code_;
  }
  if (info.si_pid == 0) return std::nullopt;
  exit_code_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
  return exit_code_;
}

void Child::signal(int number) {
  if (!end_.valid() || poll_exit()) return;
  ::syscall(SYS_pidfd_send_signal, signalled(), number, nullptr, 0);
}

void Child::signal_group(int number) {
  // Not yet reaped, so the number is still ours.
  if (!end_.valid() || exit_code_) return;
  ::kill(program_ > 0 ? -program_ : -pid_, number);
}

void Child::kill() {
  if (!end_.valid() || exit_code_) return;
  signal_group(SIGKILL);
  kill_alone();
}

void Child::kill_alone() {
  if (!end_.valid() || exit_code_) return;
  ::syscall(SYS_pidfd_send_signal, signalled(), SIGKILL, nullptr, 0);
  is_readable_before(end_.get(), Clock::now() + kLongestDying);
  poll_exit();
}

}  // namespace ferry::sys
