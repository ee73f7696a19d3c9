#include "local/runtime/sandbox_container.hpp"

#include "base/text.hpp"
#include "net/clock.hpp"
#include "net/descriptor.hpp"
#include "sys/process.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::local {

namespace {

// A member of one of bubblewrap's reports, a JSON object a line.
std::optional<std::int64_t> reported(std::string_view reports, std::string_view name) {
  for (const std::string_view line : split(reports, '\n')) {
    boost::system::error_code error;
    const boost::json::value report = boost::json::parse(line, error);
    if (error || !report.is_object()) continue;
    const boost::json::value* member = report.as_object().if_contains(name);
    if (member != nullptr && member->is_int64()) return member->as_int64();
  }
  return std::nullopt;
}

// Reads on until `text` has a whole line, or the end.
net::Task<> read_line(net::Descriptor& from, std::string& text) {
  constexpr std::size_t chunk_bytes = 4096;
  while (text.find('\n') == std::string::npos) {
    const Result<Bytes> bytes = co_await from.read_some(chunk_bytes);
    if (!bytes || bytes->empty()) co_return;
    text += as_text(*bytes);
  }
}

// All that comes until the end, cut at a few lines.
net::Task<std::string> read_rest(net::Loop& loop, int descriptor) {
  constexpr std::size_t max_bytes = 4096;
  net::Descriptor from(loop, descriptor);
  std::string text;
  while (text.size() < max_bytes) {
    const Result<Bytes> bytes = co_await from.read_some(max_bytes - text.size());
    if (!bytes || bytes->empty()) break;
    text += as_text(*bytes);
  }
  co_return text;
}

// Process 2 inside: the first that init starts, whatever is adopted later.
std::optional<pid_t> find_command(pid_t init) {
  constexpr pid_t command_number = 2;
  for (const pid_t child : sys::children_of(init))
    if (sys::innermost_pid(child) == command_number) return child;
  return std::nullopt;
}

Failure no_container(std::string_view words) {
  return Failure{.code = FailureCode::local_system,
                 .what = fmt::format("CannotStartContainerError: {}", trim(words)),
                 .hint = {},
                 .service_code = {}};
}

}  // namespace

net::Task<Result<SandboxContainer::Inside>> wait_for_command(net::Loop& loop, SandboxLaunch& launch) {
  constexpr milliseconds patience{10'000};
  constexpr milliseconds pause{1};
  std::string reports;
  net::Descriptor status(loop, launch.status.get());
  co_await read_line(status, reports);

  SandboxContainer::Inside inside;
  const std::optional<std::int64_t> init = reported(reports, "child-pid");
  if (init) {
    inside.init_number = static_cast<pid_t>(*init);
    if (Result<sys::UniqueFd> process = sys::open_process(inside.init_number))
      inside.init = std::move(*process);
  }
  // bubblewrap says when it has forked, not when the container is ready: its command shows that.
  const Instant deadline = net::steady_now() + patience;
  while (inside.init.valid() && !sys::has_ended(inside.init) && net::steady_now() < deadline) {
    const std::optional<pid_t> command = find_command(inside.init_number);
    if (!command) {
      co_await net::sleep_for(loop, pause);
      continue;
    }
    if (Result<sys::UniqueFd> process = sys::open_process(*command)) inside.command = std::move(*process);
    co_return inside;
  }
  if (inside.init.valid() && !sys::has_ended(inside.init))
    co_return fail(no_container(fmt::format("no command after {} s", patience.count() / 1000)));

  // Init is gone: either the command was that quick, or there never was one.
  co_await wait_for_end(loop, launch.bubblewrap);
  while (true) {
    const Result<Bytes> bytes = co_await status.read_some(1024);
    if (!bytes || bytes->empty()) break;
    reports += as_text(*bytes);
  }
  if (reported(reports, "exit-code")) co_return inside;
  const std::string words = co_await read_rest(loop, launch.error.get());
  co_return fail(no_container(words.empty() ? "bubblewrap ended without a word" : words));
}

SandboxContainer::SandboxContainer(net::Loop& loop, SandboxMode mode, sys::SyscallFilter filter,
                                   Environment environment, std::string working_directory,
                                   SandboxLaunch launch, Inside inside)
    : loop_(loop),
      mode_(mode),
      filter_(std::move(filter)),
      environment_(std::move(environment)),
      working_directory_(std::move(working_directory)),
      bubblewrap_(std::move(launch.bubblewrap)),
      streams_{.output = std::move(launch.output), .error = std::move(launch.error)},
      status_(std::move(launch.status)),
      inside_(std::move(inside)) {}

SandboxContainer::~SandboxContainer() {
  // With init the kernel ends every process inside. It does so too when bubblewrap ends or we are killed;
  // here we wait, so that a destroyed container really is gone.
  constexpr milliseconds patience{2'000};
  sys::kill_and_wait(inside_.init, patience);
  bubblewrap_->kill();
}

void SandboxContainer::signal(int number) {
  sys::send_signal(inside_.command, number);
}

net::Task<Result<Container::Exec>> SandboxContainer::exec(std::vector<std::string> argv,
                                                          Environment environment, bool on_terminal) {
  // Init may outlive its command by a moment.
  if (bubblewrap_->poll_exit() || !inside_.init.valid() || sys::has_ended(inside_.init))
    co_return fail(FailureCode::not_found, "the container has ended");
  const Environment merged = exec_environment(environment_, environment);
  sys::ChildSpec spec;
  spec.argv = std::move(argv);
  spec.environment = environment_list(merged);
  spec.search_path = merged.at("PATH");
  spec.working_directory = working_directory_;
  spec.ends_with_parent = true;
  spec.entry = sys::NamespaceEntry{.process = inside_.init.get(), .with_user = mode_.has_user_namespace};
  spec.allowed_capabilities = container_capabilities;
  spec.syscall_filter = filter_;
  co_return start_exec(loop_, std::move(spec), on_terminal,
                       fmt::format("/proc/{}/root/dev/pts/ptmx", inside_.init_number));
}

}  // namespace ferry::local
