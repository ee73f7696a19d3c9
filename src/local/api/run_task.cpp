#include "local/api/run_task.hpp"

#include "local/api/arn.hpp"
#include "local/api/cluster_operations.hpp"
#include "local/api/input.hpp"
#include "local/api/run_task_overrides.hpp"
#include "local/api/shape.hpp"
#include "local/api/task_definition_operations.hpp"
#include "local/api/task_placement.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/task_document.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostTasks = 10;
constexpr std::size_t kLongestStartedBy = 128;
constexpr std::size_t kLongestToken = 64;
constexpr std::string_view kTokenKind = "run_task_token";
constexpr double kTokenLife_s = 24 * 3600;

std::string run_task_shape() {
  return fmt::format(
      R"({{"cluster": "string", "taskDefinition": "string", "count": "integer", "group": "string",
          "startedBy": "string", "clientToken": "string", "launchType": "string", "platformVersion": "string",
          "propagateTags": "string", "enableExecuteCommand": "boolean", "enableECSManagedTags": "boolean",
          "referenceId": "string", "tags": [{{"key": "string", "value": "string"}}], "overrides": {},
          "networkConfiguration": {}, "capacityProviderStrategy": {}}})",
      kOverridesShape, kNetworkShape, kStrategyShape);
}

std::optional<ServiceError> wrong(std::string message) {
  return invalid_parameter(std::move(message)).value();
}

bool is_token(std::string_view token) {
  return token.size() <= kLongestToken &&
         std::ranges::all_of(token, [](char c) { return c >= 33 && c <= 126; });
}

std::optional<ServiceError> wrong_members(const json::object& input) {
  const std::int64_t count = integer_of(input, "count", 1);
  if (count < 1 || count > kMostTasks)
    return wrong(fmt::format("count must be between 1 and {}.", kMostTasks));
  if (text_of(input, "startedBy").size() > kLongestStartedBy) {
    return wrong(fmt::format("startedBy must have at most {} characters.", kLongestStartedBy));
  }
  if (!is_token(text_of(input, "clientToken"))) {
    return wrong(fmt::format("clientToken must have at most {} characters, each in the range of 33-126.",
                             kLongestToken));
  }
  const std::string propagated = text_of(input, "propagateTags");
  if (!propagated.empty() && propagated != "TASK_DEFINITION" && propagated != "NONE") {
    return wrong(fmt::format("propagateTags of RunTask can be TASK_DEFINITION only, not {}.", propagated));
  }
  if (text_of(input, "group").starts_with("service:")) {
    return wrong("The group of a standalone task must not begin with service:, which is the services' own.");
  }
  return wrong_tags(input);
}

// What both sides say of one key is the request's.
json::array merged_tags(const json::object& input, const json::array& of_definition) {
  json::array tags = list_of(input, "tags");
  if (text_of(input, "propagateTags") != "TASK_DEFINITION") return tags;
  for (const json::value& tag : of_definition) {
    const std::string key = text_of(tag.as_object(), "key");
    const auto has_key = [&key](const json::value& other) {
      return text_of(other.as_object(), "key") == key;
    };
    if (std::ranges::none_of(tags, has_key)) tags.push_back(tag);
  }
  return tags;
}

bool has_task_role(const json::object& overrides, const json::object& definition) {
  return !text_of(overrides, "taskRoleArn").empty() || !text_of(definition, "taskRoleArn").empty();
}

tl::expected<TaskOrder, ServiceError> order_of(const json::object& input, const json::object& cluster,
                                               TaskDefinitionRecord record) {
  const json::object& overrides = structure_of(input, "overrides");
  if (auto refusal = wrong_overrides(overrides, record.definition)) return tl::unexpected(*refusal);
  auto placement = place(input, record.definition);
  if (!placement) return tl::unexpected(placement.error());
  if (flag_of(input, "enableExecuteCommand") && !has_task_role(overrides, record.definition)) {
    return invalid_parameter(
        "The execute command failed because a valid task role is not being used. Specify a valid task role "
        "in your "
        "task definition or as a task override and try again.");
  }
  TaskOrder order;
  order.cluster_arn = text_of(cluster, "clusterArn");
  order.overrides = overrides;
  order.network_configuration = structure_of(input, "networkConfiguration");
  order.launch_type = placement->launch_type;
  order.capacity_provider = placement->capacity_provider;
  order.platform_version = placement->platform_version;
  order.group = text_of(input, "group");
  if (order.group.empty()) order.group = "family:" + text_of(record.definition, "family");
  order.started_by = text_of(input, "startedBy");
  order.tags = merged_tags(input, record.tags);
  order.enable_execute_command = flag_of(input, "enableExecuteCommand");
  order.task_definition = std::move(record.definition);
  return order;
}

json::object answer_of(json::array tasks, json::array failures = {}) {
  return {{"tasks", std::move(tasks)}, {"failures", std::move(failures)}};
}

// One call of RunTask.
class Call {
 public:
  Call(Documents& documents, TaskEngine& engine, const json::object& input, std::string cluster_arn)
      : documents_(documents),
        engine_(engine),
        input_(input),
        token_(text_of(input, "clientToken")),
        token_key_(fmt::format("{}/{}", cluster_arn, token_)) {}

  // The answer to the same call before, if its token still counts; ConflictException for another call's.
  [[nodiscard]] std::optional<Answer> earlier() const {
    if (token_.empty()) return std::nullopt;
    const auto record = documents_.get(kTokenKind, token_key_);
    if (!record || seconds_in(*record, "usedAt") < epoch_seconds(net::wall_now()) - kTokenLife_s)
      return std::nullopt;
    json::array tasks;
    for (const std::string& arn : texts_of(*record, "taskArns")) {
      if (auto task = documents_.get(kTaskKind, arn)) tasks.emplace_back(std::move(*task));
    }
    if (tasks.empty()) return std::nullopt;
    if (structure_of(*record, "input") == input_) return answer_of(std::move(tasks));
    ServiceError conflict =
        refuse("ConflictException", "The clientToken was used before with other parameters.").value();
    conflict.extra["resourceIds"] = list_of(*record, "taskArns");
    return tl::unexpected(std::move(conflict));
  }

  json::object launch(const TaskOrder& order, const RunRefusals& refusals) {
    const std::string& capacity =
        order.capacity_provider.empty() ? order.launch_type : order.capacity_provider;
    json::array tasks;
    json::array failures;
    json::array arns;
    for (std::int64_t i = 0; i < integer_of(input_, "count", 1); ++i) {
      if (auto failure = refusals(capacity)) {
        failures.emplace_back(std::move(*failure));
        continue;
      }
      json::object task = new_task(order, net::wall_now());
      arns.push_back(task["taskArn"]);
      tasks.push_back(task);
      engine_.launch(std::move(task), order.task_definition);
    }
    if (!token_.empty() && !tasks.empty()) {
      const json::object record = {
          {"usedAt", epoch_seconds(net::wall_now())}, {"input", input_}, {"taskArns", std::move(arns)}};
      documents_.put(kTokenKind, token_key_, record);
    }
    return answer_of(std::move(tasks), std::move(failures));
  }

 private:
  Documents& documents_;
  TaskEngine& engine_;
  const json::object& input_;
  std::string token_, token_key_;
};

Answer run_task(Documents& documents, TaskEngine& engine, const RunRefusals& refusals,
                const json::object& input) {
  if (auto refusal = wrong_members(input)) return tl::unexpected(*refusal);
  auto cluster = find_cluster(documents, text_of(input, "cluster"));
  if (!cluster) return cluster;
  Call call(documents, engine, input, text_of(*cluster, "clusterArn"));
  if (auto earlier = call.earlier()) return *earlier;
  auto record = startable_definition(documents, text_of(input, "taskDefinition"));
  if (!record) return tl::unexpected(record.error());
  auto order = order_of(input, *cluster, std::move(*record));
  if (!order) return tl::unexpected(order.error());
  return call.launch(*order, refusals);
}

}  // namespace

Operations run_task_operations(Documents& documents, TaskEngine& engine, RunRefusals refusals) {
  Operations operations;
  operations["RunTask"] = shaped_at_once(
      run_task_shape(), [&documents, &engine, refusals = std::move(refusals)](const json::object& input) {
        return run_task(documents, engine, refusals, input);
      });
  return operations;
}

}  // namespace ferry::local
