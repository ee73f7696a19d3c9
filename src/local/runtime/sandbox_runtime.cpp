#include "local/runtime/sandbox_runtime.hpp"

#include "base/text.hpp"
#include "local/runtime/sandbox_container.hpp"
#include "local/runtime/syscall_policy.hpp"
#include "sys/child.hpp"
#include "sys/pipe.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {

namespace {

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool setting_is(const char* path, std::string_view value) {
  return trim(read_file(path)) == value;
}

Result<std::string> find_bubblewrap() {
  const char* path = ::secure_getenv("PATH");
  const std::string_view search_path = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  for (std::string& candidate : sys::program_candidates("bwrap", search_path))
    if (::access(candidate.c_str(), X_OK) == 0) return std::move(candidate);
  return fail(FailureCode::not_found, "the sandbox runtime needs bubblewrap, and there is no bwrap in PATH",
              "install the package bubblewrap (apt-get install bubblewrap)");
}

// What stands against a sandbox here, as far as the system tells, and how to remove it.
std::string remedy(std::string_view words) {
  if (::geteuid() != 0) {
    if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
      return "AppArmor restricts user namespaces here: run as root, or "
             "sysctl kernel.apparmor_restrict_unprivileged_userns=0";
    if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", "0"))
      return "user namespaces are switched off here: run as root, or "
             "sysctl kernel.unprivileged_userns_clone=1";
    if (setting_is("/proc/sys/user/max_user_namespaces", "0"))
      return "no user namespaces are allowed here: run as root, or sysctl user.max_user_namespaces=15000";
  }
  if (words.find("make / slave") != std::string_view::npos ||
      words.find("pivot_root") != std::string_view::npos)
    return "the root folder here is no mount point (a plain chroot): enter it by pivot_root, or bind it onto "
           "itself first";
  if (::geteuid() == 0)
    return "give this container or machine CAP_SYS_ADMIN (docker run --privileged), or choose --runtime "
           "process (no isolation)";
  return "run as root, or choose --runtime process (no isolation)";
}

net::Task<Result<>> try_out(SandboxRuntime& runtime) {
  ContainerSpec spec;
  spec.runtime_id = "probe";
  spec.command = {"true"};
  spec.working_directory = "/";
  Result<std::unique_ptr<Container>> container = co_await runtime.start(std::move(spec));
  if (!container) co_return fail(std::move(container.error()));
  const ExitStatus status = co_await (*container)->wait();
  if (status.code == 0) co_return Result<>{};
  co_return fail(FailureCode::local_system, fmt::format("`true` ended with {}", status.code));
}

Result<> check_image(const ImageRoot& image, const std::vector<std::string>& hidden_folders) {
  if (image.is_host()) return {};
  const std::optional<std::string> shown = folder_shown_by(image.folder(), hidden_folders);
  if (!shown) return {};
  return fail(FailureCode::refused,
              fmt::format("CannotPullContainerError: the image folder {} would show containers {}, which is "
                          "hidden from them",
                          image.folder(), *shown),
              "keep images in a folder of their own, outside of homes");
}

// The options as bubblewrap reads them from a file: not on the command line, which everyone in the container
// reads as that of process 1. Failure: they do not fit.
Result<sys::UniqueFd> options_file(const std::vector<std::string>& words) {
  constexpr std::size_t most_words = 9'000;  // bubblewrap's own limit
  if (words.size() >= most_words)
    return fail(
        FailureCode::usage,
        fmt::format("a sandbox takes at most {} words of options, and this container has {}: three for "
                    "each environment variable",
                    most_words, words.size()),
        "give it fewer environment variables");
  std::string text;
  for (const std::string& word : words) {
    if (word.find('\0') != std::string::npos)
      return fail(FailureCode::usage,
                  "a container's environment and working directory cannot have NUL characters",
                  "leave the NUL out");
    text.append(word).push_back('\0');
  }
  return sys::open_readable(text);
}

Result<SandboxLaunch> launch(const std::string& bubblewrap, const SandboxMode& mode, const ImageRoot& image,
                             const ContainerSpec& spec, const Environment& environment,
                             const std::vector<std::string>& hidden, const sys::SyscallFilter& filter,
                             const std::string& mark) {
  Result<sys::Pipe> output = sys::open_pipe();
  if (!output) return fail(std::move(output.error()));
  Result<sys::Pipe> error = sys::open_pipe();
  if (!error) return fail(std::move(error.error()));
  Result<sys::Pipe> status = sys::open_pipe();
  if (!status) return fail(std::move(status.error()));
  Result<sys::UniqueFd> filter_file =
      sys::open_readable({reinterpret_cast<const char*>(filter.data()), filter.size() * sizeof(sock_filter)});
  if (!filter_file) return fail(std::move(filter_file.error()));

  constexpr int status_descriptor = 3, options_descriptor = 4, filter_descriptor = 5;
  SandboxMeans means{
      .hidden = hidden, .mounts = {}, .status = status_descriptor, .filter = filter_descriptor};
  if (image.is_host() && mode.has_overlay) means.mounts = system_mounts(read_file("/proc/self/mountinfo"));
  Result<sys::UniqueFd> options = options_file(sandbox_options(mode, image, spec, environment, means));
  if (!options) return fail(std::move(options.error()));

  sys::ChildSpec child;
  child.argv = {mark, "--args", fmt::to_string(options_descriptor), "--"};
  child.argv.insert(child.argv.end(), spec.command.begin(), spec.command.end());
  child.program = bubblewrap;
  child.descriptors = {sys::empty_input,      output->writing.get(), error->writing.get(),
                       status->writing.get(), options->get(),        filter_file->get()};
  child.ends_with_parent = true;
  child.is_guarded = true;
  if (!mode.has_user_namespace) child.read_only_host.emplace();
  if (mode.has_overlay)
    child.read_only_host->overlay =
        sys::PrivateOverlay{.lower = image.descriptor(), .scratch = std::string(overlay_scratch)};
  Result<sys::Child> started = sys::Child::start(child);
  if (!started) return fail(std::move(started.error()));
  return SandboxLaunch{.bubblewrap = std::make_shared<sys::Child>(std::move(*started)),
                       .output = std::move(output->reading),
                       .error = std::move(error->reading),
                       .status = std::move(status->reading)};
}

}  // namespace

SandboxRuntime::SandboxRuntime(net::Loop& loop, std::string bubblewrap, SandboxMode mode,
                               std::vector<std::string> hidden_folders, sys::SyscallFilter filter,
                               std::string mark)
    : loop_(loop),
      bubblewrap_(std::move(bubblewrap)),
      mode_(mode),
      hidden_folders_(std::move(hidden_folders)),
      filter_(std::move(filter)),
      mark_(std::move(mark)) {}

net::Task<Result<std::unique_ptr<SandboxRuntime>>> SandboxRuntime::probe(
    net::Loop& loop, std::vector<std::string> hidden_folders, std::string mark) {
  const Result<std::string> bubblewrap = find_bubblewrap();
  if (!bubblewrap) co_return fail(bubblewrap.error());
  const Result<sys::SyscallFilter> filter = container_syscall_filter();
  if (!filter) co_return fail(filter.error());
  std::vector<SandboxMode> modes;
  if (::geteuid() == 0) {
    modes = {SandboxMode{.has_user_namespace = false, .has_overlay = true},
             SandboxMode{.has_user_namespace = false, .has_overlay = false}};
  } else {
    modes = {SandboxMode{.has_user_namespace = true, .has_overlay = false}};
  }
  Failure last;
  for (const SandboxMode mode : modes) {
    auto runtime = std::make_unique<SandboxRuntime>(loop, *bubblewrap, mode, hidden_folders, *filter, mark);
    const Result<> result = co_await try_out(*runtime);
    if (result) co_return runtime;
    last = result.error();
  }
  co_return fail(FailureCode::denied, "cannot make a sandbox on this machine: " + last.what,
                 remedy(last.what));
}

net::Task<Result<std::unique_ptr<Container>>> SandboxRuntime::start(ContainerSpec spec) {
  if (spec.command.empty())
    co_return fail(FailureCode::usage, "CannotCreateContainerError: no command specified",
                   "the sandbox runtime knows no image's own command: give one in the task definition");
  const Result<ImageRoot> image = ImageRoot::open(spec.image);
  if (!image) co_return fail(image.error());
  if (auto allowed = check_image(*image, hidden_folders_); !allowed)
    co_return fail(std::move(allowed.error()));
  Result<std::string> directory = plain_working_directory(spec.working_directory);
  if (!directory) co_return fail(std::move(directory.error()));
  spec.working_directory = std::move(*directory);
  const Environment environment = container_environment(spec.environment);
  const std::vector<std::string> hidden = folders_to_hide(hidden_folders_);
  const Result<> runnable =
      image->check_program(spec.command.front(), environment.at("PATH"), spec.working_directory, hidden);
  if (!runnable) co_return fail(runnable.error().in("CannotStartContainerError"));

  Result<SandboxLaunch> launched =
      launch(bubblewrap_, mode_, *image, spec, environment, hidden, filter_, mark_);
  if (!launched) co_return fail(launched.error().in("CannotStartContainerError"));
  Result<SandboxContainer::Inside> inside = co_await wait_for_command(loop_, *launched);
  if (!inside) co_return fail(std::move(inside.error()));
  co_return std::make_unique<SandboxContainer>(loop_, mode_, filter_, environment, spec.working_directory,
                                               std::move(*launched), std::move(*inside));
}

}  // namespace ferry::local
