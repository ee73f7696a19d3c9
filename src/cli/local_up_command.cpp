// `ferry local up`: starts the endpoint, in the foreground or with -d in the background.
#include "aws/settings.hpp"
#include "cli/arguments.hpp"
#include "cli/local_background.hpp"
#include "cli/local_commands.hpp"
#include "cli/main.hpp"
#include "local/door/endpoint_record.hpp"
#include "local/endpoint.hpp"
#include "local/store/database.hpp"
#include "sys/descriptor_limit.hpp"
#include "sys/own_program.hpp"
#include "sys/private_file.hpp"
#include "sys/standard_streams.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

struct UpOptions {
  std::optional<std::int64_t> port;
  std::string data;
  bool ephemeral = false;
  bool detach = false;
  std::string runtime = "auto";
  std::optional<std::int64_t> max_sessions;
  std::optional<milliseconds> session_idle_timeout;
  std::string remote_host;
  bool requires_signed_channels = false;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  return value == nullptr ? std::string() : std::string(value);
}

Result<std::string> usual_region() {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    std::string region = environment(name);
    if (region.empty()) continue;
    if (aws::is_region(region)) return region;
    return fail(FailureCode::usage, fmt::format("{} is '{}', which is no AWS region", name, region),
                "write it like us-east-1, or unset it");
  }
  return "us-east-1";
}

Result<local::EndpointSettings> settings_from(const UpOptions& options) {
  local::EndpointSettings settings;
  settings.port = static_cast<std::uint16_t>(options.port.value_or(kDefaultLocalPort));
  Result<std::string> region = usual_region();
  if (!region) return fail(std::move(region.error()));
  settings.region = std::move(*region);
  if (options.ephemeral && !options.data.empty()) {
    return fail(FailureCode::usage, "--ephemeral keeps nothing, so --data has no meaning beside it",
                "give one of the two");
  }
  if (!options.ephemeral) {
    auto data = options.data.empty() ? local::default_data_folder() : Result<std::string>(options.data);
    if (!data) return fail(std::move(data.error()));
    settings.data = std::move(*data);
  }
  const auto runtime = local::parse_runtime_choice(options.runtime);
  if (!runtime) return fail(runtime.error());
  settings.runtime = *runtime;
  local::SessionLimits& limits = settings.session_limits;
  limits.max_sessions_a_container =
      static_cast<int>(options.max_sessions.value_or(limits.max_sessions_a_container));
  limits.idle_timeout = options.session_idle_timeout.value_or(limits.idle_timeout);
  settings.requires_signed_channels = options.requires_signed_channels;
  if (!options.remote_host.empty()) settings.host = options.remote_host;
  if (std::string home = environment("HOME"); !home.empty())
    settings.hidden_folders.push_back(std::move(home));
  return settings;
}

void show_ready(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

// An endpoint that cannot keep its state ends as if it were killed: what it has told is on the disk, its
// tasks end with it, and the next start finds that. Tasks that it stopped in order would have an end that
// nobody can save.
[[noreturn]] void end_without_state(const local::StoreError& error) {
  sys::say(
      fmt::format("{}: the endpoint ends, and its tasks with it; make room on the disk, then start it again",
                  error.what()));
  std::_Exit(kExitFailure);
}

void end_if_state_is_lost(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const local::StoreError& lost) {
    end_without_state(lost);
  }
}

Result<> serve(const local::EndpointSettings& settings, std::optional<Launcher>& launcher) {
  net::Loop loop;
  loop.on_lost_child(end_if_state_is_lost);
  const auto run = [&loop](net::Task<Result<>> work) {
    try {
      return loop.run(std::move(work));
    } catch (const local::StoreError& error) {
      end_without_state(error);  // before what it would leave is taken apart
    }
  };
  auto served = run(local::serve_endpoint(
      loop, settings,
      [&launcher](const std::string& url) {
        const std::string line = fmt::format("ferry local ready {}", url);
        if (launcher) {
          launcher->report_ready(line);
        } else {
          show_ready(line);
        }
      },
      [](const std::string& line) { sys::say(line); }));
  if (!served && launcher) launcher->report_failure(served.error().line());
  return served;
}

}  // namespace

Result<int> local_up_command(Words words) {
  constexpr std::int64_t kHighestPort = 65'535;
  constexpr std::int64_t kMostSessions = 1'000;
  UpOptions options;
  Arguments arguments("local up", "serve an ECS-compatible endpoint on this machine");
  arguments.integer("--port", "PORT", 0, kHighestPort,
                    "where it listens, 5319 by default; 0 picks a free port", options.port);
  arguments.text("--data", "DIR", "where it keeps its state", options.data);
  arguments.toggle("--ephemeral", "keep nothing on disk", options.ephemeral);
  arguments.choice("--runtime", {"auto", "sandbox", "process", "docker"},
                   "what runs the containers: a sandbox, or (unprotected) plain processes", options.runtime);
  arguments.toggle("-d,--detach", "return when it is ready and leave it running", options.detach);
  arguments.integer("--max-sessions", "N", 1, kMostSessions, "sessions a container at once, 2 by default",
                    options.max_sessions);
  arguments.duration("--session-idle-timeout", "DURATION",
                     "end sessions without a byte in either direction for so long, 20m by default",
                     options.session_idle_timeout);
  arguments.text(
      "--listen-beyond-loopback", "ADDRESS",
      "listen on this address, where other machines may reach it: whoever has the key can run commands",
      options.remote_host);
  arguments.toggle("--require-signed-channels",
                   "refuse sessions whose websocket is not signed, as AWS is going to",
                   options.requires_signed_channels);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  auto settings = settings_from(options);
  if (!settings) return fail(std::move(settings.error()));

  if (settings->runtime != local::RuntimeChoice::process) {
    if (auto kept = sys::run_from_unchangeable_file(); !kept) return fail(std::move(kept.error()));
  }
  // Each task takes some. Its containers get the higher limit too, as those of container engines do.
  sys::raise_descriptor_limit();
  std::optional<Launcher> launcher;
  if (options.detach) {
    if (!settings->data.empty()) {
      if (auto made = sys::make_private_folder(settings->data); !made) return fail(std::move(made.error()));
    }
    auto split = split_into_background(settings->data.empty() ? "" : settings->data + "/endpoint.log");
    if (!split) return fail(std::move(split.error()));
    if (const auto* ready_line = std::get_if<std::string>(&*split)) {
      show_ready(*ready_line);
      return 0;
    }
    launcher = std::move(std::get<Launcher>(*split));
  }
  const auto served = serve(*settings, launcher);
  if (!served) return fail(served.error());
  return 0;
}

}  // namespace ferry::cli
