#include "local/api/service_changes.hpp"

#include "local/api/arn.hpp"
#include "local/api/input.hpp"
#include "local/api/task_definition_operations.hpp"
#include "local/api/task_placement.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/service_document.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {
namespace {

// "Tasks per service" of the ECS service quotas.
constexpr std::int64_t kMostTasks = 5'000;

namespace json = boost::json;

// Members that the document takes from the input as they are. A change of the first kind needs new tasks.
constexpr std::array<std::string_view, 9> kTaskMembers = {
    "networkConfiguration", "platformVersion",      "capacityProviderStrategy",
    "enableExecuteCommand", "loadBalancers",        "serviceRegistries",
    "propagateTags",        "enableECSManagedTags", "volumeConfigurations"};
constexpr std::array<std::string_view, 4> kOwnMembers = {
    "desiredCount", "placementConstraints", "placementStrategy", "healthCheckGracePeriodSeconds"};

std::optional<ServiceError> wrong(std::string message) {
  return invalid_parameter(std::move(message)).value();
}

std::string common_shape() {
  return fmt::format(
      R"("cluster": "string", "taskDefinition": "string", "desiredCount": "integer",
         "deploymentConfiguration": {{"maximumPercent": "integer", "minimumHealthyPercent": "integer",
           "deploymentCircuitBreaker": {{"enable": "boolean", "rollback": "boolean"}}}},
         "deploymentController": {{"type": "string"}}, "platformVersion": "string",
         "enableExecuteCommand": "boolean", "enableECSManagedTags": "boolean", "propagateTags": "string",
         "healthCheckGracePeriodSeconds": "integer", "networkConfiguration": {}, "capacityProviderStrategy": {},
         "loadBalancers": [{{"targetGroupArn": "string", "containerName": "string", "containerPort": "integer"}}],
         "serviceRegistries": [{{"registryArn": "string"}}],
         "placementConstraints": [{{"type": "string", "expression": "string"}}],
         "placementStrategy": [{{"type": "string", "field": "string"}}])",
      kNetworkShape, kStrategyShape);
}

json::object full_configuration(const json::object& input) {
  json::object configuration = {
      {"deploymentCircuitBreaker", json::object{{"enable", false}, {"rollback", false}}},
      {"maximumPercent", 200},
      {"minimumHealthyPercent", 100}};
  for (const auto& [name, value] : structure_of(input, "deploymentConfiguration"))
    configuration[name] = value;
  return configuration;
}

std::optional<ServiceError> wrong_members(const json::object& service, const json::object& input) {
  if (integer_of(service, "desiredCount", 0) < 0) return wrong("desiredCount must not be negative.");
  if (integer_of(service, "desiredCount", 0) > kMostTasks)
    return wrong(
        fmt::format("desiredCount must not be above {}, the quota of tasks in a service.", kMostTasks));
  const json::object& configuration = structure_of(service, "deploymentConfiguration");
  const std::int64_t least = integer_of(configuration, "minimumHealthyPercent", 100);
  const std::int64_t most = integer_of(configuration, "maximumPercent", 200);
  if (least < 0 || most < 100 || least > most) {
    return wrong("minimumHealthyPercent must be at least 0, maximumPercent at least 100 and not below it.");
  }
  const std::string controller = text_of(structure_of(input, "deploymentController"), "type");
  if (!controller.empty() && controller != "ECS") {
    return refuse("UnsupportedFeatureException",
                  fmt::format("ferry local has the deployment controller ECS only, not {}.", controller))
        .value();
  }
  return std::nullopt;
}

// Takes the definition and where its tasks run into the document.
std::optional<ServiceError> settle_tasks(const Documents& documents, json::object& service,
                                         const std::string& reference, std::string_view verb) {
  auto record = startable_definition(documents, reference);
  if (!record) return record.error();
  auto placement = place(service, record->definition);
  if (!placement) return placement.error();
  if (flag_of(service, "enableExecuteCommand") && text_of(record->definition, "taskRoleArn").empty()) {
    return wrong(
        fmt::format("The service couldn't be {} because a valid taskRoleArn is not being used. Specify a "
                    "valid task role in your task definition and try again.",
                    verb));
  }
  service["taskDefinition"] = text_of(record->definition, "taskDefinitionArn");
  if (list_of(service, "capacityProviderStrategy").empty()) service["launchType"] = placement->launch_type;
  if (placement->launch_type == "FARGATE") {
    if (!service.contains("platformVersion")) service["platformVersion"] = "LATEST";
    service["platformFamily"] = "Linux";
  }
  return std::nullopt;
}

}  // namespace

std::string create_service_shape() {
  return fmt::format(
      R"({{{}, "serviceName": "string", "clientToken": "string", "launchType": "string", "role": "string",
          "schedulingStrategy": "string", "tags": [{{"key": "string", "value": "string"}}]}})",
      common_shape());
}

std::string update_service_shape() {
  return fmt::format(R"({{{}, "service": "string", "forceNewDeployment": "boolean"}})", common_shape());
}

Answer new_service(const Documents& documents, std::string_view service_arn, std::string_view cluster_arn,
                   const json::object& input, WallTime now) {
  const std::string strategy = find_text(input, "schedulingStrategy").value_or("REPLICA");
  if (strategy != "REPLICA" && strategy != "DAEMON") {
    return invalid_parameter(fmt::format("schedulingStrategy {} is neither REPLICA nor DAEMON.", strategy));
  }
  if (strategy == "REPLICA" && !input.contains("desiredCount")) {
    return invalid_parameter("desiredCount is required for the scheduling strategy REPLICA.");
  }
  json::object service = {{"serviceArn", service_arn},
                          {"serviceName", short_name(service_arn)},
                          {"clusterArn", cluster_arn},
                          {"status", "ACTIVE"},
                          {"desiredCount", 0},
                          {"runningCount", 0},
                          {"pendingCount", 0},
                          {"loadBalancers", json::array()},
                          {"serviceRegistries", json::array()},
                          {"placementConstraints", json::array()},
                          {"placementStrategy", json::array()},
                          {"deployments", json::array()},
                          {"events", json::array()},
                          {"tags", list_of(input, "tags")},
                          {"createdAt", epoch_seconds(now)},
                          {"createdBy", make_arn("iam", "", "root")},
                          {"schedulingStrategy", strategy},
                          {"deploymentController", json::object{{"type", "ECS"}}},
                          {"deploymentConfiguration", full_configuration(input)},
                          {"propagateTags", "NONE"},
                          {"enableECSManagedTags", false},
                          {"enableExecuteCommand", false}};
  for (const std::string_view member : kTaskMembers) {
    if (const json::value* value = input.if_contains(member)) service[member] = *value;
  }
  for (const std::string_view member : kOwnMembers) {
    if (const json::value* value = input.if_contains(member)) service[member] = *value;
  }
  if (const auto launch_type = find_text(input, "launchType")) service["launchType"] = *launch_type;
  if (strategy == "DAEMON") service["desiredCount"] = 1;  // one machine, one task
  if (auto refusal = wrong_tags(input)) return tl::unexpected(*refusal);
  if (auto refusal = wrong_members(service, input)) return tl::unexpected(*refusal);
  if (auto refusal = settle_tasks(documents, service, text_of(input, "taskDefinition"), "created")) {
    return tl::unexpected(*refusal);
  }
  begin_deployment(service, now);
  return service;
}

Answer changed_service(const Documents& documents, json::object service, const json::object& input,
                       WallTime now) {
  const json::object before = service;
  for (const std::string_view member : kTaskMembers) {
    if (const json::value* value = input.if_contains(member)) service[member] = *value;
  }
  for (const std::string_view member : kOwnMembers) {
    if (const json::value* value = input.if_contains(member)) service[member] = *value;
  }
  for (const auto& [name, value] : structure_of(input, "deploymentConfiguration")) {
    service["deploymentConfiguration"].as_object()[name] = value;
  }
  // A strategy takes the launch type's place.
  if (!list_of(input, "capacityProviderStrategy").empty()) service.erase("launchType");
  if (auto refusal = wrong_members(service, input)) return tl::unexpected(*refusal);

  bool needs_tasks = flag_of(input, "forceNewDeployment");
  for (const std::string_view member : kTaskMembers) {
    const json::value* now_there = service.if_contains(member);
    const json::value* then_there = before.if_contains(member);
    needs_tasks |= now_there != nullptr && (then_there == nullptr || *now_there != *then_there);
  }
  const std::string asked = text_of(input, "taskDefinition");
  if (asked.empty() && !needs_tasks) return service;
  const std::string reference = asked.empty() ? text_of(service, "taskDefinition") : asked;
  if (auto refusal = settle_tasks(documents, service, reference, "updated")) return tl::unexpected(*refusal);
  needs_tasks |= service["taskDefinition"] != before.at("taskDefinition");
  if (needs_tasks) begin_deployment(service, now);
  return service;
}

}  // namespace ferry::local
