#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/file_argument.hpp"
#include "cli/run_output.hpp"
#include "feature/run/network_configuration.hpp"
#include "feature/run/run.hpp"
#include "sys/random.hpp"
#include "wire/command_line.hpp"

#include <csignal>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr int kDefaultUnknownExitCode = 255;

// What the command line says, as it stands there.
struct RunFlags {
  aws::Flags connection;
  std::string task_definition, cluster, container, overrides, network_configuration;
  std::string launch_type, platform_version, started_by = "ferry", on_interrupt = "stop";
  std::vector<std::string> environment, tags, command;
  std::optional<std::int64_t> cpu, memory_mib, unknown_exit_code;
  std::optional<milliseconds> timeout;
  bool enable_execute_command = false, detach = false;
};

Arguments describe(RunFlags& flags) {
  Arguments arguments("run", "run a task to its end, show its log and exit with its code");
  constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
  arguments.word("TASK_DEFINITION", "family, family:revision or ARN", flags.task_definition);
  arguments.command_after_dashes("the command to run instead of the task definition's", flags.command);
  arguments.text("--cluster", "CLUSTER", "where to run it; else FERRY_CLUSTER, else default", flags.cluster);
  arguments.text("--container", "NAME", "whose command, log and exit code are meant, where there are several",
                 flags.container);
  arguments.texts("-e,--env", "NAME[=VALUE]", "set a variable; without =VALUE, to the value it has here",
                  flags.environment);
  arguments.integer("--cpu", "UNITS", 1, kLargest, "CPU units of the container, 1024 a core", flags.cpu);
  arguments.integer("--memory", "MIB", 4, kLargest, "memory of the container", flags.memory_mib);
  arguments.text("--overrides", "JSON", "RunTask's overrides, JSON or file://FILE; single flags win over it",
                 flags.overrides);
  arguments.text("--network-configuration", "CONFIGURATION",
                 "awsvpcConfiguration={subnets=[..],securityGroups=[..],assignPublicIp=ENABLED}, JSON or "
                 "file://FILE",
                 flags.network_configuration);
  arguments.text("--launch-type", "TYPE", "FARGATE, EC2 or EXTERNAL; else the cluster's default",
                 flags.launch_type);
  arguments.text("--platform-version", "VERSION", "of Fargate; else LATEST", flags.platform_version);
  arguments.text("--started-by", "NAME", "what the task's startedBy says, at most 128 characters; else ferry",
                 flags.started_by);
  arguments.texts("--tag", "NAME=VALUE", "tag the task", flags.tags);
  arguments.toggle("--enable-execute-command", "allow `ferry exec` into it", flags.enable_execute_command);
  arguments.duration("--timeout", "DURATION", "stop the task after 90s, 30m, 2h ..., and exit with 124",
                     flags.timeout);
  arguments.choice("--on-interrupt", {"stop", "detach"}, "what the first Ctrl-C does with the task",
                   flags.on_interrupt);
  arguments.toggle("-d,--detach", "print the task's ARN once it is accepted, and do not wait", flags.detach);
  arguments.integer("--unknown-exit-code", "N", 0, kDefaultUnknownExitCode,
                    "exit status where the command's own cannot be known; else 255", flags.unknown_exit_code);
  describe_connection_flags(arguments, flags.connection);
  arguments.epilogue(
      "Examples:\n"
      "  ferry run app:42 --timeout 30m -- ./migrate --all\n"
      "  ferry run app --overrides file://o.json --launch-type FARGATE \\\n"
      "      --network-configuration 'awsvpcConfiguration={subnets=[subnet-1],securityGroups=[sg-1]}'\n");
  return arguments;
}

using Pair = std::pair<std::string, std::string>;

// "NAME=VALUE", or "NAME" where the environment of ferry has it.
Result<Pair> environment_pair(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (text.empty() || equals == 0)
    return fail(FailureCode::usage, fmt::format("--env: '{}' has no name", text), "write -e NAME=VALUE");
  if (equals != std::string::npos) return Pair(text.substr(0, equals), text.substr(equals + 1));
  std::optional<std::string> value = environment_variable(text);
  if (!value)
    return fail(FailureCode::usage, fmt::format("--env: {} is not set here", text),
                fmt::format("write -e {}=VALUE", text));
  return Pair(text, std::move(*value));
}

Result<Pair> tag_pair(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return fail(FailureCode::usage, fmt::format("--tag: '{}' is not NAME=VALUE", text));
  return Pair(text.substr(0, equals), text.substr(equals + 1));
}

Result<std::vector<Pair>> pairs_of(const std::vector<std::string>& texts,
                                   Result<Pair> (*parse)(const std::string&)) {
  std::vector<Pair> pairs;
  for (const std::string& text : texts) {
    Result<Pair> pair = parse(text);
    if (!pair) return fail(pair.error());
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

Result<> read_structures(const RunFlags& flags, feature::RunRequest& request) {
  if (!flags.overrides.empty()) {
    const Result<std::string> text = argument_or_file(flags.overrides);
    if (!text) return fail(text.error());
    Result<boost::json::object> overrides = feature::parse_overrides(*text);
    if (!overrides) return fail(overrides.error());
    request.overrides = std::move(*overrides);
  }
  if (!flags.network_configuration.empty()) {
    const Result<std::string> text = argument_or_file(flags.network_configuration);
    if (!text) return fail(text.error());
    Result<boost::json::object> network = feature::parse_network_configuration(*text);
    if (!network) return fail(network.error());
    request.network_configuration = std::move(*network);
  }
  return {};
}

std::string connection_words(const aws::Flags& flags) {
  std::vector<std::string> words;
  for (const auto& [name, value] : {Pair("--region", flags.region), Pair("--profile", flags.profile),
                                    Pair("--endpoint-url", flags.endpoint_url)}) {
    if (value.empty()) continue;
    words.push_back(name);
    words.push_back(value);
  }
  return wire::quote_command_line(words);
}

Result<feature::RunOptions> options_from(const RunFlags& flags) {
  feature::RunOptions options;
  feature::RunRequest& request = options.request;
  request.cluster = cluster_or_default(flags.cluster);
  request.task_definition = flags.task_definition;
  request.container = flags.container;
  request.launch_type = flags.launch_type;
  request.platform_version = flags.platform_version;
  request.started_by = flags.started_by;
  request.enable_execute_command = flags.enable_execute_command;
  request.change.command = flags.command;
  request.change.cpu = flags.cpu;
  request.change.memory_mib = flags.memory_mib;
  Result<std::vector<Pair>> environment = pairs_of(flags.environment, environment_pair);
  if (!environment) return fail(environment.error());
  request.change.environment = std::move(*environment);
  Result<std::vector<Pair>> tags = pairs_of(flags.tags, tag_pair);
  if (!tags) return fail(tags.error());
  request.tags = std::move(*tags);
  const Result<> readable = feature::check_utf8(request);
  if (!readable) return fail(readable.error());
  const Result<> structures = read_structures(flags, request);
  if (!structures) return fail(structures.error());
  options.client_token = sys::random_uuid();
  options.timeout = flags.timeout;
  options.detach = flags.detach;
  options.detach_on_interrupt = flags.on_interrupt == "detach";
  options.connection_flags = connection_words(flags.connection);
  return options;
}

}  // namespace

Result<int> run_command(Words words) {
  RunFlags flags;
  const Arguments arguments = describe(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::RunOptions> options = options_from(flags);
  if (!options) return fail(options.error());

  // A reader that goes away is a failed write like any other, not the end of ferry before its task's.
  std::signal(SIGPIPE, SIG_IGN);
  net::Loop loop;
  const Result<std::unique_ptr<aws::Client>> client = connect(loop, flags.connection);
  if (!client) return fail(client.error());
  RunOutput output(flags.detach);
  const Result<feature::RunReport> report = loop.run(feature::run(**client, std::move(*options), output));
  if (!report) return fail(report.error());
  output.finish();
  if (!report->result.explanation.empty()) output.notice(report->result.explanation);
  const Result<> written = output.written();
  const int unknown = static_cast<int>(flags.unknown_exit_code.value_or(kDefaultUnknownExitCode));
  const int status = feature::exit_status(report->result, unknown);
  if (!written && status == 0) return fail(written.error());
  return status;
}

}  // namespace ferry::cli
