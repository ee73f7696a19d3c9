#include "cli/run_flags.hpp"

#include "base/text.hpp"
#include "cli/connection.hpp"
#include "cli/environment_file.hpp"
#include "cli/file_argument.hpp"
#include "feature/run/network_configuration.hpp"
#include "feature/run/revision_journal.hpp"
#include "feature/run/structure_argument.hpp"
#include "feature/run/task_starter.hpp"
#include "feature/target.hpp"
#include "wire/command_line.hpp"

#include <charconv>
#include <limits>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

using Pair = std::pair<std::string, std::string>;

constexpr int kLargestExitCode = 255;
constexpr std::string_view kDefaultStartedBy = "ferry";

tl::unexpected<Failure> wrong(std::string what, std::string hint = {}) {
  return fail(FailureCode::usage, std::move(what), std::move(hint));
}

void describe_place(Arguments& arguments, RunFlags& flags) {
  arguments.optional_word("TASK_DEFINITION", "family, family:revision or ARN; with --like the service's",
                          flags.task_definition);
  arguments.text("--like", "CLUSTER/SERVICE",
                 "run where that service's tasks run: task definition, network, capacity, tags, exec setting",
                 flags.like);
  arguments.text("--cluster", "CLUSTER", "where to run it; else FERRY_CLUSTER, else default", flags.cluster);
  arguments.text("--network-configuration", "CONFIGURATION",
                 "awsvpcConfiguration={subnets=[..],securityGroups=[..],assignPublicIp=ENABLED}, JSON or "
                 "file://FILE",
                 flags.network_configuration);
  arguments.text("--launch-type", "TYPE", "FARGATE, EC2 or EXTERNAL; else the cluster's default",
                 flags.launch_type);
  arguments.texts(
      "--capacity-provider-strategy", "STRATEGY",
      "capacityProvider=FARGATE_SPOT,weight=1,base=0, JSON or file://FILE; once for each provider",
      flags.strategy);
  arguments.texts("--placement-constraints", "CONSTRAINT", "type=memberOf,expression=..., likewise",
                  flags.placement_constraints);
  arguments.texts("--placement-strategy", "STRATEGY", "type=spread,field=..., likewise",
                  flags.placement_strategy);
  arguments.texts("--volume-configurations", "VOLUME", "a volume made for the task, likewise", flags.volumes);
  arguments.text("--capacity", "PROVIDER,..",
                 "capacity providers in the order to try them: FARGATE_SPOT,FARGATE", flags.capacity);
  arguments.text("--platform-version", "VERSION", "of Fargate; else LATEST", flags.platform_version);
  arguments.text("--cli-input-json", "JSON", "the whole of RunTask's input, JSON or file://FILE; flags win",
                 flags.cli_input);
}

void describe_changes(Arguments& arguments, RunFlags& flags) {
  constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
  arguments.text("--container", "NAME", "whose command, log and exit code are meant, where there are several",
                 flags.container);
  arguments.texts("-e,--env", "NAME[=VALUE]", "set a variable; without =VALUE, to the value it has here",
                  flags.environment);
  arguments.texts("--env-file", "FILE", "set the variables of a file, NAME[=VALUE] a line; -e wins",
                  flags.environment_files);
  arguments.integer("--cpu", "UNITS", 1, kLargest, "CPU units of the container, 1024 a core", flags.cpu);
  arguments.integer("--memory", "MIB", 4, kLargest, "memory of the container", flags.memory_mib);
  arguments.text("--task-cpu", "SIZE", "CPU of the task: 1024 or '1 vCPU'", flags.task_cpu);
  arguments.text("--task-memory", "SIZE", "memory of the task: 2048 or '2 GB'", flags.task_memory);
  arguments.text("--task-role-arn", "ARN", "the role that the command has", flags.task_role_arn);
  arguments.text("--execution-role-arn", "ARN", "the role that starts the task", flags.execution_role_arn);
  arguments.integer("--ephemeral-storage", "GIB", 1, kLargest, "disk of the task",
                    flags.ephemeral_storage_gib);
  arguments.text("--overrides", "OVERRIDES",
                 "RunTask's overrides, JSON, shorthand or file://FILE; single flags win over it",
                 flags.overrides);
  arguments.toggle("--ephemeral-revision",
                   "allow a revision of the task definition for this run, in the family ferry-FAMILY",
                   flags.ephemeral_revision);
  arguments.text("--image", "IMAGE", "of the container; needs --ephemeral-revision", flags.image);
  arguments.text("--entry-point", "WORDS", "of the container, as a shell would split them; likewise",
                 flags.entry_point);
  arguments.texts("--secret", "NAME=ARN", "a variable from Secrets Manager or SSM; likewise", flags.secrets);
  arguments.text("--logs", "awslogs:GROUP", "send the container's log to this group; likewise", flags.logs);
}

void describe_life(Arguments& arguments, RunFlags& flags) {
  constexpr std::int64_t kMostRetries = 100;
  constexpr std::int64_t kMostTasks = 10'000;
  arguments.integer("--count", "N", 1, kMostTasks,
                    "so many tasks beside each other; a result for each, in order", flags.count);
  arguments.text(
      "--started-by", "NAME",
      "the tasks' startedBy, at most 128 characters, else ferry; a task of that name that is going "
      "already is followed, and no other started",
      flags.started_by);
  arguments.text("--reference-id", "NAME", "a reference of yours that the task keeps", flags.reference_id);
  arguments.text("--group", "NAME", "the task group", flags.group);
  arguments.texts("--tag", "NAME=VALUE", "tag the task", flags.tags);
  arguments.text("--propagate-tags", "TASK_DEFINITION", "tag it as its definition is", flags.propagate_tags);
  arguments.toggle("--enable-ecs-managed-tags", "tag it with its cluster", flags.enable_managed_tags);
  arguments.toggle("--enable-execute-command", "allow `ferry exec` into it", flags.enable_execute_command);
  arguments.toggle("--all-containers", "the log of every container, each line with its container's name",
                   flags.all_containers);
  arguments.duration("--timeout", "DURATION",
                     "stop the task (of each attempt) after 90s, 30m, 2h ..., and exit with 124",
                     flags.timeout);
  arguments.integer("--retries", "N", 0, kMostRetries,
                    "start another task, up to so many, where the cause of the last one's end may pass",
                    flags.retries);
  arguments.text("--retry-on-exit", "CODE,..", "exit codes of the command that count as such a cause",
                 flags.retry_on_exit);
  arguments.choice("--on-interrupt", {"stop", "detach"}, "what the first Ctrl-C does with the task",
                   flags.on_interrupt);
  arguments.toggle("-d,--detach", "print the task's ARN once it is accepted, and do not wait", flags.detach);
  arguments.choice("-o,--output", {"text", "json"}, "json: one object with log and outcome on stdout",
                   flags.output);
  arguments.text("--result-file", "FILE", "write that object to a file, beside the normal output",
                 flags.result_path);
  arguments.size(
      "--capture-limit", "SIZE",
      "with -o json: how much of each task's log is kept; a task that writes more is stopped, outcome "
      "unknown (default: 64MiB)",
      flags.capture_limit);
  arguments.integer("--unknown-exit-code", "N", 1, kLargestExitCode,
                    "exit status where the command's own cannot be known; else 255", flags.unknown_exit_code);
}

// NAME=VALUE.
Result<Pair> pair_of(std::string_view flag, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return wrong(fmt::format("{}: '{}' is not NAME=VALUE", flag, text));
  return Pair(text.substr(0, equals), text.substr(equals + 1));
}

Result<std::vector<Pair>> pairs_of(std::string_view flag, const std::vector<std::string>& texts) {
  std::vector<Pair> pairs;
  for (const std::string& text : texts) {
    Result<Pair> pair = pair_of(flag, text);
    if (!pair) return fail(pair.error());
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

// Those of the files first: the last of a name counts.
Result<std::vector<Pair>> environment_of(const RunFlags& flags) {
  std::vector<Pair> variables;
  for (const std::string& path : flags.environment_files) {
    const Result<std::string> text = argument_or_file("file://" + path);
    if (!text) return fail(text.error().in("--env-file"));
    Result<std::vector<Pair>> read = parse_environment_file(*text, environment_variable);
    if (!read) return fail(read.error().in(fmt::format("--env-file {}", path)));
    variables.insert(variables.end(), read->begin(), read->end());
  }
  for (const std::string& text : flags.environment) {
    Result<Pair> pair = parse_variable(text, environment_variable);
    if (!pair) return fail(pair.error().in("--env"));
    variables.push_back(std::move(*pair));
  }
  return variables;
}

Result<> read_place(const RunFlags& flags, feature::RunRequest& request) {
  const feature::ReadFile read_file = argument_or_file;
  for (const auto& [flag, member, words] :
       {std::tuple("--capacity-provider-strategy", "capacityProviderStrategy", &flags.strategy),
        std::tuple("--placement-constraints", "placementConstraints", &flags.placement_constraints),
        std::tuple("--placement-strategy", "placementStrategy", &flags.placement_strategy),
        std::tuple("--volume-configurations", "volumeConfigurations", &flags.volumes)}) {
    if (words->empty()) continue;
    std::vector<std::string> contents;
    for (const std::string& word : *words) {
      Result<std::string> content = argument_or_file(word);
      if (!content) return fail(content.error());
      contents.push_back(std::move(*content));
    }
    Result<boost::json::value> value = feature::parse_structure(flag, member, contents, read_file);
    if (!value) return fail(value.error());
    request.structures[member] = std::move(*value);
  }
  return {};
}

Result<> read_structures(const RunFlags& flags, feature::RunRequest& request) {
  const feature::ReadFile read_file = argument_or_file;
  if (!flags.cli_input.empty()) {
    const Result<std::string> text = argument_or_file(flags.cli_input);
    if (!text) return fail(text.error());
    Result<boost::json::object> input = feature::parse_cli_input(*text);
    if (!input) return fail(input.error());
    request.given_input = std::move(*input);
  }
  if (!flags.overrides.empty()) {
    const Result<std::string> text = argument_or_file(flags.overrides);
    if (!text) return fail(text.error());
    Result<boost::json::object> overrides = feature::parse_overrides(*text, read_file);
    if (!overrides) return fail(overrides.error());
    request.overrides = std::move(*overrides);
  }
  if (!flags.network_configuration.empty()) {
    const Result<std::string> text = argument_or_file(flags.network_configuration);
    if (!text) return fail(text.error());
    Result<boost::json::object> network = feature::parse_network_configuration(*text, read_file);
    if (!network) return fail(network.error());
    request.structures["networkConfiguration"] = std::move(*network);
  }
  return read_place(flags, request);
}

Result<feature::RevisionChange> revision_of(const RunFlags& flags) {
  feature::RevisionChange change;
  change.allowed = flags.ephemeral_revision;
  change.logs_of_all_containers = flags.all_containers;
  change.image = flags.image;
  if (!flags.entry_point.empty()) {
    Result<std::vector<std::string>> words = wire::split_command_line(flags.entry_point);
    if (!words) return fail(words.error().in("--entry-point"));
    change.entry_point = std::move(*words);
  }
  Result<std::vector<Pair>> secrets = pairs_of("--secret", flags.secrets);
  if (!secrets) return fail(secrets.error());
  change.secrets = std::move(*secrets);
  constexpr std::string_view kDriver = "awslogs:";
  if (!flags.logs.empty()) {
    if (!flags.logs.starts_with(kDriver) || flags.logs.size() == kDriver.size())
      return wrong(fmt::format("--logs: '{}' is not awslogs:GROUP", flags.logs),
                   "only CloudWatch Logs can be read back");
    change.log_group = flags.logs.substr(kDriver.size());
  }
  return change;
}

Result<> settle_place(const RunFlags& flags, feature::RunRequest& request) {
  request.task_definition = flags.task_definition;
  request.cluster = flags.cluster;
  if (!flags.like.empty()) {
    Result<feature::Target> like = feature::parse_target(flags.like, cluster_or_default(flags.cluster));
    if (!like) return fail(like.error().in("--like"));
    if (like->kind != feature::Target::Kind::service)
      return wrong(fmt::format("--like: '{}' is no service", flags.like), "write CLUSTER/SERVICE");
    request.like = std::move(*like);
  }
  if (request.task_definition.empty() && flags.like.empty() && flags.cli_input.empty()) {
    return wrong("run: no task definition is named",
                 "name a family, family:revision or ARN, or a service with --like CLUSTER/SERVICE");
  }
  if (request.cluster.empty() && !request.like && !request.given_input.contains("cluster"))
    request.cluster = cluster_or_default({});
  return {};
}

Result<feature::RunRequest> request_of(const RunFlags& flags) {
  feature::RunRequest request;
  const Result<> structures = read_structures(flags, request);
  if (!structures) return fail(structures.error());
  const Result<> placed = settle_place(flags, request);
  if (!placed) return fail(placed.error());
  request.container = container_or_environment(flags.container);
  request.launch_type = flags.launch_type;
  request.platform_version = flags.platform_version;
  request.started_by = flags.started_by;
  if (request.started_by.empty() && !request.given_input.contains("startedBy"))
    request.started_by = kDefaultStartedBy;
  request.reference_id = flags.reference_id;
  request.group = flags.group;
  request.propagate_tags = flags.propagate_tags;
  request.enable_execute_command = flags.enable_execute_command;
  request.enable_managed_tags = flags.enable_managed_tags;
  request.change.command = flags.command;
  request.change.cpu = flags.cpu;
  request.change.memory_mib = flags.memory_mib;
  request.task_change = {.cpu = flags.task_cpu,
                         .memory = flags.task_memory,
                         .task_role_arn = flags.task_role_arn,
                         .execution_role_arn = flags.execution_role_arn,
                         .ephemeral_storage_gib = flags.ephemeral_storage_gib};
  Result<std::vector<Pair>> environment = environment_of(flags);
  if (!environment) return fail(environment.error());
  request.change.environment = std::move(*environment);
  Result<std::vector<Pair>> tags = pairs_of("--tag", flags.tags);
  if (!tags) return fail(tags.error());
  request.tags = std::move(*tags);
  Result<feature::RevisionChange> revision = revision_of(flags);
  if (!revision) return fail(revision.error());
  request.revision = std::move(*revision);
  const Result<> readable = feature::check_utf8(request);
  if (!readable) return fail(readable.error());
  return request;
}

Result<std::vector<int>> exit_codes(const std::string& text) {
  std::vector<int> codes;
  for (const std::string_view word : split(text, ',')) {
    int code = -1;
    const std::string_view digits = trim(word);
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), code);
    if (error != std::errc() || end != digits.end() || code < 1 || code > kLargestExitCode)
      return wrong(fmt::format("--retry-on-exit: '{}' is no exit code from 1 to 255", word));
    codes.push_back(code);
  }
  return codes;
}

// --count, else that of --cli-input-json, else 1.
Result<std::size_t> task_count(const RunFlags& flags, const boost::json::object& given) {
  constexpr std::int64_t kMostPerCall = feature::kMostTasksPerRunTask;
  std::int64_t count = flags.count.value_or(1);
  const boost::json::value* in_input = given.if_contains("count");
  if (!flags.count && in_input != nullptr) {
    const std::int64_t* number = in_input->if_int64();
    if (number == nullptr || *number < 1)
      return wrong("--cli-input-json: count is no number from 1 on", "leave it out for one task");
    count = *number;
  }
  if (count > kMostPerCall && given.contains("clientToken"))
    return wrong(
        fmt::format("--cli-input-json: a clientToken stands for one call, of at most {} tasks", kMostPerCall),
        "leave it out: ferry makes one for each call");
  return static_cast<std::size_t>(count);
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

// Flags that would have no effect beside others: nobody should believe that they had.
Result<> check_together(const RunFlags& flags) {
  const bool retries = flags.retries.value_or(0) > 0;
  for (const auto& [flag, is_given] :
       {std::pair("--retries", retries), std::pair("--retry-on-exit", !flags.retry_on_exit.empty()),
        std::pair("--timeout", flags.timeout.has_value()),
        std::pair("--all-containers", flags.all_containers)}) {
    if (flags.detach && is_given)
      return wrong(fmt::format("run: {} needs somebody who waits, and -d does not", flag), "leave one out");
  }
  if (flags.detach && flags.attach.attach)
    return wrong("run: -d and --attach exclude each other", "leave one out");
  if (flags.attach.attach && flags.all_containers)
    return wrong("run: --attach and --all-containers exclude each other", "leave one out");
  if (flags.attach.attach && flags.on_interrupt == "detach")
    return wrong("run: --attach and --on-interrupt detach exclude each other",
                 "a task that only waits for the session has nothing to go on with");
  if (!flags.retry_on_exit.empty() && !retries)
    return wrong("run: --retry-on-exit has no effect without --retries", "say how often with --retries N");
  if (!flags.capacity.empty() && (!flags.launch_type.empty() || !flags.strategy.empty()))
    return wrong("run: --capacity, --launch-type and --capacity-provider-strategy exclude each other",
                 "leave the others out");
  return {};
}

}  // namespace

Arguments describe_run(RunFlags& flags) {
  Arguments arguments("run", "run a task to its end, show its log and exit with its code");
  arguments.command_after_dashes("the command to run instead of the task definition's", flags.command,
                                 &flags.like);
  describe_place(arguments, flags);
  describe_changes(arguments, flags);
  describe_life(arguments, flags);
  describe_attach_flags(arguments, flags.attach);
  describe_connection_flags(arguments, flags.connection);
  arguments.epilogue(
      "Examples:\n"
      "  ferry run --like prod/web -- rake db:migrate\n"
      "  ferry run app:42 --timeout 30m -- ./migrate --all\n"
      "  pg_dump old | ferry run --like prod/db --attach -i -- psql new\n"
      "  ferry run app --capacity FARGATE_SPOT,FARGATE --retries 2\n"
      "  ferry run worker --count 40 -o json -- ./process-one\n"
      "  ferry run app --overrides file://o.json --launch-type FARGATE \\\n"
      "      --network-configuration 'awsvpcConfiguration={subnets=[subnet-1],securityGroups=[sg-1]}'\n");
  return arguments;
}

Result<feature::RunOptions> run_options(const RunFlags& flags) {
  const Result<> compatible = check_together(flags);
  if (!compatible) return fail(compatible.error());
  feature::RunOptions options;
  Result<feature::RunRequest> request = request_of(flags);
  if (!request) return fail(request.error());
  options.request = std::move(*request);
  if (!flags.retry_on_exit.empty()) {
    Result<std::vector<int>> codes = exit_codes(flags.retry_on_exit);
    if (!codes) return fail(codes.error());
    options.retry_on_exit = std::move(*codes);
  }
  for (const std::string_view provider : split(flags.capacity, ',')) {
    if (!trim(provider).empty()) options.capacity.emplace_back(trim(provider));
  }
  if (!flags.capacity.empty() && options.capacity.empty())
    return wrong(fmt::format("run: --capacity: '{}' names no provider", flags.capacity),
                 "write them like FARGATE_SPOT,FARGATE");
  Result<std::optional<feature::AttachOptions>> attach = attach_options(flags.attach, flags.wants_json());
  if (!attach) return fail(attach.error());
  options.attach = std::move(*attach);
  if (options.attach) options.attach->session.capture_limit = flags.capture_limit;
  const Result<std::size_t> count = task_count(flags, options.request.given_input);
  if (!count) return fail(count.error());
  if (*count > 1 && options.attach)
    return wrong("run: --attach is for one task, and --count asks for more", "leave one out");
  options.count = *count;
  // A holder belongs to the ferry that started it: nobody else can enter it.
  options.rejoin = !flags.started_by.empty() && !options.attach;
  options.retries = static_cast<int>(flags.retries.value_or(0));
  options.all_containers = flags.all_containers;
  options.timeout = flags.timeout;
  options.detach = flags.detach;
  options.detach_on_interrupt = flags.on_interrupt == "detach";
  // Without a place for the journal only ephemeral revisions are impossible, and say so.
  options.journal_folder = feature::revision_journal_folder(environment_variable).value_or("");
  options.connection_flags = connection_words(flags.connection);
  return options;
}

}  // namespace ferry::cli
