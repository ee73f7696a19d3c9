#include "local/api/task_placement.hpp"

#include "local/api/input.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> kPlatforms = {"1.0.0", "1.1.0", "1.2.0",
                                                        "1.3.0", "1.4.0", "LATEST"};
constexpr std::string_view kNewestPlatform = "1.4.0";
constexpr std::size_t kMostSubnets = 16;
constexpr std::size_t kMostSecurityGroups = 5;

using Wrong = std::optional<ServiceError>;

Wrong wrong(std::string message) {
  return invalid_parameter(std::move(message)).value();
}

bool requires_compatibility(const json::object& definition, std::string_view launch_type) {
  const std::vector<std::string> required = texts_of(definition, "requiresCompatibilities");
  return std::ranges::find(required, launch_type) != required.end();
}

Wrong choose_launch_type(const json::object& input, const json::object& definition, Placement& placement) {
  const std::string launch_type = text_of(input, "launchType");
  const json::array& strategy = list_of(input, "capacityProviderStrategy");
  if (!launch_type.empty() && !strategy.empty()) {
    return wrong(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try "
        "again.");
  }
  for (const json::value& item : strategy) {
    const std::string provider = text_of(*item.if_object(), "capacityProvider");
    if (provider != "FARGATE" && provider != "FARGATE_SPOT") {
      return wrong(
          "The specified capacity provider strategy cannot contain a capacity provider that is not "
          "associated with "
          "the cluster. Associate the capacity provider with the cluster and try again.");
    }
  }
  const bool is_fargate_only =
      requires_compatibility(definition, "FARGATE") && !requires_compatibility(definition, "EC2");
  placement.launch_type = launch_type;
  if (launch_type.empty()) placement.launch_type = is_fargate_only || !strategy.empty() ? "FARGATE" : "EC2";
  if (!strategy.empty()) {
    placement.capacity_provider = text_of(*strategy.front().if_object(), "capacityProvider");
  }
  if (launch_type == "MANAGED_INSTANCES") {
    return refuse("UnsupportedFeatureException", "ferry local has no managed instances.").value();
  }
  if (placement.launch_type != "FARGATE" && placement.launch_type != "EC2" &&
      placement.launch_type != "EXTERNAL") {
    return wrong(fmt::format("Launch type {} is not one of EC2, FARGATE, EXTERNAL.", launch_type));
  }
  if (placement.launch_type != "EC2" && !requires_compatibility(definition, placement.launch_type)) {
    return wrong(fmt::format("Task definition does not support launch_type {}.", placement.launch_type));
  }
  return std::nullopt;
}

// The oldest platform that has what the definition and the request use.
std::string_view oldest_platform(const json::object& input, const json::object& definition) {
  bool needs_newest = flag_of(input, "enableExecuteCommand") || definition.contains("ephemeralStorage");
  for (const json::value& volume : list_of(definition, "volumes")) {
    needs_newest |= volume.is_object() && volume.get_object().contains("efsVolumeConfiguration");
  }
  if (needs_newest) return kNewestPlatform;
  for (const json::value& container : list_of(definition, "containerDefinitions")) {
    const json::object& one = *container.if_object();
    if (!list_of(one, "dependsOn").empty() || !list_of(one, "secrets").empty()) return "1.3.0";
  }
  return "1.0.0";
}

Wrong choose_platform(const json::object& input, const json::object& definition, Placement& placement) {
  const std::string version = text_of(input, "platformVersion");
  if (placement.launch_type != "FARGATE") {
    if (version.empty()) return std::nullopt;
    return wrong(fmt::format("The platform version must be null when specifying an {} launch type.",
                             placement.launch_type));
  }
  placement.platform_version = version.empty() || version == "LATEST" ? kNewestPlatform : version;
  if (!version.empty() && std::ranges::find(kPlatforms, version) == kPlatforms.end()) {
    return refuse("PlatformUnknownException", "The specified platform does not exist.").value();
  }
  if (placement.platform_version < oldest_platform(input, definition)) {
    return refuse("PlatformTaskDefinitionIncompatibilityException",
                  "One or more of the requested capabilities are not supported.")
        .value();
  }
  return std::nullopt;
}

Wrong wrong_network(const json::object& input, const json::object& definition, const Placement& placement) {
  const json::object& network = structure_of(input, "networkConfiguration");
  const bool is_given = network.contains("awsvpcConfiguration");
  if (text_of(definition, "networkMode") != "awsvpc") {
    if (!is_given) return std::nullopt;
    return wrong("Network Configuration is not valid for the given networkMode of this task definition.");
  }
  if (!is_given)
    return wrong("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  const json::object& vpc = structure_of(network, "awsvpcConfiguration");
  const std::size_t subnets = list_of(vpc, "subnets").size();
  if (subnets == 0) return wrong("subnets can not be empty.");
  if (subnets > kMostSubnets) return wrong("subnets can have at most 16 items.");
  if (list_of(vpc, "securityGroups").size() > kMostSecurityGroups) {
    return wrong("securityGroups can have at most 5 items.");
  }
  const std::string public_ip = text_of(vpc, "assignPublicIp");
  if (!public_ip.empty() && public_ip != "ENABLED" && public_ip != "DISABLED") {
    return wrong(fmt::format("assignPublicIp {} is neither ENABLED nor DISABLED.", public_ip));
  }
  if (public_ip == "ENABLED" && placement.launch_type != "FARGATE") {
    return wrong("Assign public IP is not supported for this launch type.");
  }
  return std::nullopt;
}

}  // namespace

tl::expected<Placement, ServiceError> place(const json::object& input, const json::object& task_definition) {
  Placement placement;
  if (auto refusal = choose_launch_type(input, task_definition, placement)) return tl::unexpected(*refusal);
  if (auto refusal = choose_platform(input, task_definition, placement)) return tl::unexpected(*refusal);
  if (auto refusal = wrong_network(input, task_definition, placement)) return tl::unexpected(*refusal);
  return placement;
}

tl::expected<TaskDefinitionRecord, ServiceError> startable_definition(const Documents& documents,
                                                                      std::string_view reference) {
  if (reference.empty()) return invalid_parameter("TaskDefinition can not be blank.");
  auto record = find_task_definition(documents, reference);
  if (!record) return refuse("ClientException", "TaskDefinition not found.");
  if (text_of(record->definition, "status") != "ACTIVE")
    return invalid_parameter("TaskDefinition is inactive");
  return std::move(*record);
}

}  // namespace ferry::local
