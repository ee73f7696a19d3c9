#include "local/tasks/task_document.hpp"

#include "local/api/arn.hpp"
#include "local/api/input.hpp"
#include "local/tasks/document.hpp"
#include "sys/random.hpp"

#include <cassert>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kNewestPlatform = "1.4.0";
// Containers share the host's network: this is where their ports answer.
constexpr std::string_view kPrivateAddress = "127.0.0.1";

std::string ten_digits() {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : sys::random_bytes(8)) number = (number << 8U) | byte;
  return fmt::format("{:010}", number % 10'000'000'000U);
}

std::string region_of(const TaskOrder& order) {
  const std::optional<Arn> arn = parse_arn(order.cluster_arn);
  return arn ? arn->region : std::string();
}

json::object detail(std::string_view name, std::string_view value) {
  return {{"name", name}, {"value", value}};
}

json::array new_attachments(const json::object& network_configuration) {
  const std::vector<std::string> subnets =
      texts_of(structure_of(network_configuration, "awsvpcConfiguration"), "subnets");
  if (subnets.empty()) return {};
  json::array details = {detail("subnetId", subnets.front())};
  json::object attachment = {{"id", sys::random_uuid()},
                             {"type", "ElasticNetworkInterface"},
                             {"status", "PRECREATED"},
                             {"details", std::move(details)}};
  return {std::move(attachment)};
}

void put_size(json::object& container, std::string_view member, const json::object& definition,
              const json::object* overrides) {
  auto size = number_in(definition, member);
  if (overrides != nullptr && overrides->contains(member)) size = number_in(*overrides, member);
  if (size) container[member] = std::to_string(*size);
}

json::array new_containers(const TaskOrder& order, const std::string& task_arn) {
  const std::string_view id = short_name(task_arn);
  const std::string region = region_of(order);
  json::array containers;
  for (const json::value& value : list_of(order.task_definition, "containerDefinitions")) {
    const json::object* definition = value.if_object();
    if (definition == nullptr) continue;
    const std::string name = text_of(*definition, "name");
    const json::object* overrides = named(list_of(order.overrides, "containerOverrides"), name);
    json::object container = {
        {"containerArn", container_arn(region, short_name(order.cluster_arn), id, sys::random_uuid())},
        {"taskArn", task_arn},
        {"name", name},
        {"image", text_of(*definition, "image")},
        {"lastStatus", "PENDING"},
        {"networkInterfaces", json::array()},
        {"healthStatus", "UNKNOWN"},
        {"cpu", "0"}};
    put_size(container, "cpu", *definition, overrides);
    put_size(container, "memory", *definition, overrides);
    put_size(container, "memoryReservation", *definition, overrides);
    if (order.enable_execute_command) {
      json::object agent = {{"name", "ExecuteCommandAgent"}, {"lastStatus", "PENDING"}};
      container["managedAgents"] = json::array{std::move(agent)};
    }
    containers.emplace_back(std::move(container));
  }
  return containers;
}

// The service names every container in a task's overrides, those without any too.
json::object shown_overrides(const TaskOrder& order) {
  json::object overrides = order.overrides;
  json::array containers;
  for (const json::value& value : list_of(order.task_definition, "containerDefinitions")) {
    const json::object* definition = value.if_object();
    if (definition == nullptr) continue;
    const std::string name = text_of(*definition, "name");
    const json::object* given = named(list_of(order.overrides, "containerOverrides"), name);
    containers.emplace_back(given == nullptr ? json::object{{"name", name}} : *given);
  }
  overrides["containerOverrides"] = std::move(containers);
  overrides.emplace("inferenceAcceleratorOverrides", json::array());
  return overrides;
}

void put_platform(json::object& task, const TaskOrder& order) {
  task["launchType"] = order.launch_type;
  if (!order.capacity_provider.empty()) task["capacityProviderName"] = order.capacity_provider;
  if (order.launch_type != "FARGATE") return;
  const bool is_newest = order.platform_version.empty() || order.platform_version == "LATEST";
  task["platformVersion"] = is_newest ? std::string(kNewestPlatform) : order.platform_version;
  task["platformFamily"] = "Linux";
}

void put_task_size(json::object& task, const TaskOrder& order, std::string_view member) {
  std::string size = text_of(order.overrides, member);
  if (size.empty()) size = text_of(order.task_definition, member);
  if (!size.empty()) task[member] = size;
}

void attach_network(json::object& task) {
  json::value* attachments = task.if_contains("attachments");
  if (attachments == nullptr || !attachments->is_array() || attachments->get_array().empty()) return;
  json::object& attachment = attachments->get_array().front().as_object();
  const std::string serial = sys::random_hex(3);
  attachment["status"] = "ATTACHED";
  json::array& details = attachment["details"].as_array();
  details.emplace_back(detail("networkInterfaceId", "eni-" + sys::random_hex(9).substr(1)));
  details.emplace_back(detail("macAddress", fmt::format("02:00:00:{}:{}:{}", serial.substr(0, 2),
                                                        serial.substr(2, 2), serial.substr(4))));
  details.emplace_back(detail("privateIPv4Address", kPrivateAddress));
  for (json::value& container : task["containers"].as_array()) {
    json::object interface = {{"attachmentId", attachment["id"]}, {"privateIpv4Address", kPrivateAddress}};
    container.as_object()["networkInterfaces"] = json::array{std::move(interface)};
  }
}

void set_agent(json::object& container, std::string_view member, const json::value& value) {
  json::value* agents = container.if_contains("managedAgents");
  if (agents == nullptr) return;
  for (json::value& agent : agents->as_array()) agent.as_object()[member] = value;
}

}  // namespace

json::object new_task(const TaskOrder& order, WallTime now) {
  const std::string region = region_of(order);
  const std::string arn = task_arn(region, short_name(order.cluster_arn), sys::random_hex(16));
  json::object task = {
      {"attachments", new_attachments(order.network_configuration)},
      {"attributes", json::array{json::object{{"name", "ecs.cpu-architecture"}, {"value", "x86_64"}}}},
      {"availabilityZone", region + "a"},
      {"clusterArn", order.cluster_arn},
      {"containers", new_containers(order, arn)},
      {"createdAt", epoch_seconds(now)},
      {"desiredStatus", "RUNNING"},
      {"enableExecuteCommand", order.enable_execute_command},
      {"group", order.group},
      {"healthStatus", "UNKNOWN"},
      {"lastStatus", "PROVISIONING"},
      {"overrides", shown_overrides(order)},
      {"tags", order.tags},
      {"taskArn", arn},
      {"taskDefinitionArn", text_of(order.task_definition, "taskDefinitionArn")},
      {"version", 1}};
  put_platform(task, order);
  put_task_size(task, order, "cpu");
  put_task_size(task, order, "memory");
  if (!order.started_by.empty()) task["startedBy"] = order.started_by;
  return task;
}

bool is_stopped(const json::object& task) {
  return text_of(task, "lastStatus") == "STOPPED";
}

bool is_wanted(const json::object& task) {
  return text_of(task, "desiredStatus") == "RUNNING" && !is_stopped(task);
}

void provision(json::object& task, WallTime now) {
  attach_network(task);
  task["lastStatus"] = "PENDING";
  task["connectivity"] = "CONNECTED";
  task["connectivityAt"] = epoch_seconds(now);
  task["pullStartedAt"] = epoch_seconds(now);
  task["pullStoppedAt"] = epoch_seconds(now);
  const std::string id = std::string(short_name(text_of(task, "taskArn")));
  for (json::value& container : task["containers"].as_array()) {
    container.as_object()["runtimeId"] = id + "-" + ten_digits();
  }
}

void container_started(json::object& task, std::string_view name) {
  container_of(task, name)["lastStatus"] = "RUNNING";
}

void exec_agent_started(json::object& task, std::string_view name, WallTime now) {
  json::object& container = container_of(task, name);
  set_agent(container, "lastStatus", "RUNNING");
  set_agent(container, "lastStartedAt", epoch_seconds(now));
}

void exec_agent_stopped(json::object& task, std::string_view name, std::string_view reason) {
  json::object& container = container_of(task, name);
  set_agent(container, "lastStatus", "STOPPED");
  set_agent(container, "reason", json::value(reason));
}

void container_stopped(json::object& task, std::string_view name) {
  json::object& container = container_of(task, name);
  container["lastStatus"] = "STOPPED";
  set_agent(container, "lastStatus", "STOPPED");
}

void task_running(json::object& task, WallTime now) {
  task["lastStatus"] = "RUNNING";
  task["startedAt"] = epoch_seconds(now);
}

void task_stopping(json::object& task, std::string_view stop_code, std::string_view reason, WallTime now) {
  task["desiredStatus"] = "STOPPED";
  task["stopCode"] = stop_code;
  task["stoppedReason"] = reason;
  task["stoppingAt"] = epoch_seconds(now);
  if (text_of(task, "lastStatus") == "RUNNING") task["lastStatus"] = "STOPPING";
}

void execution_stopped(json::object& task, WallTime now) {
  task.emplace("executionStoppedAt", epoch_seconds(now));
}

void task_deprovisioning(json::object& task) {
  task["lastStatus"] = "DEPROVISIONING";
}

void task_stopped(json::object& task, WallTime now) {
  task["desiredStatus"] = "STOPPED";
  task["lastStatus"] = "STOPPED";
  task["stoppedAt"] = epoch_seconds(now);
  json::value* attachments = task.if_contains("attachments");
  for (json::value& attachment : attachments->as_array()) attachment.as_object()["status"] = "DELETED";
  for (json::value& container : task["containers"].as_array()) {
    container.as_object()["lastStatus"] = "STOPPED";
    set_agent(container.as_object(), "lastStatus", "STOPPED");
  }
}

json::object& container_of(json::object& task, std::string_view name) {
  json::object* container = named(task["containers"].as_array(), name);
  assert(container != nullptr);
  return *container;
}

}  // namespace ferry::local
