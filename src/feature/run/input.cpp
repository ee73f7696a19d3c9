#include "feature/run/input.hpp"

#include "base/text.hpp"
#include "feature/run/run_task_model.hpp"

#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

void put(json::object& input, std::string_view member, const std::string& text) {
  if (!text.empty()) input[member] = text;
}

bool are_utf8(const std::vector<std::pair<std::string, std::string>>& pairs) {
  return std::ranges::all_of(
      pairs, [](const auto& pair) { return is_valid_utf8(pair.first) && is_valid_utf8(pair.second); });
}

constexpr std::string_view kFlag = "--cli-input-json";
constexpr std::string_view kOtherWays =
    " (`ferry run` has the output with --attach, or with --logs awslogs:GROUP --ephemeral-revision)";

// `over` member by member; RunTask takes a launch type or a strategy, so that the newer one drops the other.
void put_over(json::object& input, const json::object& over) {
  if (over.contains("launchType")) input.erase("capacityProviderStrategy");
  if (over.contains("capacityProviderStrategy")) input.erase("launchType");
  for (const auto& [key, value] : over) input[key] = value;
}

json::object flags_input(const RunRequest& request) {
  json::object input;
  put(input, "launchType", request.launch_type);
  put(input, "platformVersion", request.platform_version);
  put(input, "startedBy", request.started_by);
  put(input, "referenceId", request.reference_id);
  put(input, "group", request.group);
  put(input, "propagateTags", request.propagate_tags);
  for (const auto& [member, value] : request.structures) input[member] = value;
  if (request.enable_execute_command) input["enableExecuteCommand"] = true;
  if (request.enable_managed_tags) input["enableECSManagedTags"] = true;
  if (!request.tags.empty()) {
    json::array tags;
    for (const auto& [key, value] : request.tags)
      tags.push_back(json::object{{"key", key}, {"value", value}});
    input["tags"] = std::move(tags);
  }
  return input;
}

// Those of --overrides, else of --cli-input-json.
json::object overrides_in(const RunRequest& request) {
  if (!request.overrides.empty()) return request.overrides;
  const json::value* given = request.given_input.if_contains("overrides");
  return given != nullptr && given->is_object() ? given->get_object() : json::object();
}

tl::unexpected<Failure> not_utf8(std::string_view whose, std::string hint) {
  return fail(FailureCode::usage,
              fmt::format("{} has bytes that are not UTF-8, which RunTask cannot carry", whose),
              std::move(hint));
}

}  // namespace

Result<> check_utf8(const RunRequest& request) {
  const std::string encode = "encode such bytes, or put them into a file that the command reads itself";
  if (!std::ranges::all_of(request.change.command, is_valid_utf8)) return not_utf8("the command", encode);
  if (!are_utf8(request.change.environment)) return not_utf8("--env", encode);
  if (!are_utf8(request.tags)) return not_utf8("--tag", "write it in UTF-8");
  if (!is_valid_utf8(request.started_by)) return not_utf8("--started-by", "write it in UTF-8");
  return {};
}

Result<ContainerChoice> choose_container(const aws::ecs::TaskDefinition& definition,
                                         const RunRequest& request) {
  Result<ContainerChoice> choice =
      choose_container(container_candidates(definition), request.container, request.task_definition);
  if (choice || choice.error().code != FailureCode::ambiguous) return choice;
  const std::vector<std::string> overridden = overridden_containers(overrides_in(request));
  if (overridden.size() == 1) return ContainerChoice{.name = overridden.front(), .notice = {}};
  return choice;
}

Result<json::object> parse_cli_input(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  const auto wrong = [](std::string what) {
    return fail(
        FailureCode::usage, fmt::format("{}: {}", kFlag, what),
        R"(write RunTask's input: {"cluster":"prod","launchType":"FARGATE","overrides":{"cpu":"512"}})");
  };
  if (error) return wrong("not valid JSON: " + error.message());
  if (!value.is_object()) return wrong("not a JSON object");
  json::object input = std::move(value.get_object());
  const Result<> checked = check_members(input, {}, run_task_members());
  if (!checked) return fail(checked.error().in(kFlag));
  if (const json::value* overrides = input.if_contains("overrides")) {
    const Result<> named = check_container_names(overrides->get_object());
    if (!named) return fail(named.error().in(kFlag));
  }
  return input;
}

json::object run_task_input(const RunRequest& request, const json::object& like,
                            const std::string& container) {
  json::object input;
  put_over(input, like);
  put_over(input, request.given_input);
  put_over(input, flags_input(request));
  input["taskDefinition"] = request.task_definition;
  put(input, "cluster", request.cluster);
  json::object overrides =
      merge_overrides(overrides_in(request), container, request.change, request.task_change);
  if (!overrides.empty()) input["overrides"] = std::move(overrides);
  input.erase("count");
  return input;
}

LogSource log_source(const aws::ecs::TaskDefinition& definition, const std::string& container,
                     const std::string& task_id) {
  LogSource source;
  const auto found =
      std::ranges::find(definition.containers, container, &aws::ecs::ContainerDefinition::name);
  if (found == definition.containers.end() || found->log.driver.empty()) {
    source.unreadable = fmt::format("no log driver is configured{}", kOtherWays);
    return source;
  }
  const aws::ecs::LogConfiguration& log = found->log;
  if (log.driver != "awslogs") {
    source.unreadable =
        fmt::format("log driver {} does not write to CloudWatch Logs{}", log.driver, kOtherWays);
  } else if (log.group.empty() || log.stream_prefix.empty()) {
    source.unreadable =
        fmt::format("its log configuration lacks awslogs-group or awslogs-stream-prefix{}", kOtherWays);
  } else {
    source.group = log.group;
    source.stream = fmt::format("{}/{}/{}", log.stream_prefix, container, task_id);
    source.region = log.region;
  }
  return source;
}

}  // namespace ferry::feature
