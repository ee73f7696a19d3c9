#include "feature/doctor/read_facts.hpp"

#include "aws/answer_reader.hpp"
#include "base/text.hpp"

#include <optional>

namespace ferry::feature {
namespace {

namespace json = boost::json;
using aws::flag_in;
using aws::integer_in;
using aws::object_in;
using aws::objects_in;
using aws::text_in;
using aws::texts_in;

std::vector<std::string> names_in(const json::object& object, std::string_view list) {
  std::vector<std::string> names;
  for (const json::object* one : objects_in(object, list)) names.push_back(text_in(*one, "name"));
  return names;
}

ContainerState container_state(const json::object& container) {
  ContainerState state;
  state.name = text_in(container, "name");
  state.image = text_in(container, "image");
  state.last_status = text_in(container, "lastStatus");
  state.reason = text_in(container, "reason");
  state.runtime_id = text_in(container, "runtimeId");
  for (const json::object* agent : objects_in(container, "managedAgents")) {
    if (text_in(*agent, "name") != "ExecuteCommandAgent") continue;
    state.agent_status = text_in(*agent, "lastStatus");
    state.agent_reason = text_in(*agent, "reason");
  }
  return state;
}

void take_interface(TaskFacts& facts, const json::object& task) {
  for (const json::object* attachment : objects_in(task, "attachments")) {
    for (const json::object* detail : objects_in(*attachment, "details")) {
      const std::string name = text_in(*detail, "name");
      if (name == "subnetId") facts.subnet = text_in(*detail, "value");
      if (name == "networkInterfaceId") facts.interface = text_in(*detail, "value");
    }
  }
}

void take_overrides(TaskFacts& facts, const json::object& task) {
  const json::object* overrides = object_in(task, "overrides");
  if (overrides == nullptr) return;
  facts.task_role_override = text_in(*overrides, "taskRoleArn");
  facts.execution_role_override = text_in(*overrides, "executionRoleArn");
  for (const json::object* one : objects_in(*overrides, "containerOverrides")) {
    for (ContainerState& container : facts.containers) {
      if (container.name == text_in(*one, "name"))
        container.override_variables = names_in(*one, "environment");
    }
  }
}

std::optional<VpcPlacement> placement_of(const json::object& service) {
  const json::object* network = object_in(service, "networkConfiguration");
  const json::object* vpc = network == nullptr ? nullptr : object_in(*network, "awsvpcConfiguration");
  if (vpc == nullptr) return std::nullopt;
  VpcPlacement placement;
  placement.subnets = texts_in(*vpc, "subnets");
  placement.security_groups = texts_in(*vpc, "securityGroups");
  placement.has_public_address = text_in(*vpc, "assignPublicIp") == "ENABLED";
  return placement;
}

std::vector<std::string> texts_of(const json::object& object, std::string_view list,
                                  std::string_view member) {
  std::vector<std::string> texts;
  for (const json::object* one : objects_in(object, list)) texts.push_back(text_in(*one, member));
  return texts;
}

PortRule port_rule(const json::object& permission) {
  PortRule rule;
  rule.protocol = text_in(permission, "ipProtocol");
  rule.from_port = parse_integer(text_in(permission, "fromPort")).value_or(rule.from_port);
  rule.to_port = parse_integer(text_in(permission, "toPort")).value_or(rule.to_port);
  const auto add = [&](std::string_view list, std::string_view member) {
    for (std::string& peer : texts_of(permission, list, member)) rule.peers.push_back(std::move(peer));
  };
  add("ipRanges", "cidrIp");
  add("ipv6Ranges", "cidrIpv6");
  add("groups", "groupId");
  add("prefixListIds", "prefixListId");
  return rule;
}

}  // namespace

ServiceFacts service_facts(const json::object& service) {
  ServiceFacts facts;
  facts.name = text_in(service, "serviceName");
  facts.status = text_in(service, "status");
  facts.launch_type = text_in(service, "launchType");
  facts.platform_version = text_in(service, "platformVersion");
  facts.platform_family = text_in(service, "platformFamily");
  facts.exec_enabled = flag_in(service, "enableExecuteCommand", false);
  facts.desired_count = integer_in(service, "desiredCount").value_or(0);
  const std::vector<const json::object*> events = objects_in(service, "events");
  if (!events.empty()) facts.newest_event = text_in(*events.front(), "message");
  for (const json::object* deployment : objects_in(service, "deployments")) {
    if (text_in(*deployment, "status") == "PRIMARY") facts.primary_deployment = text_in(*deployment, "id");
  }
  facts.placement = placement_of(service);
  return facts;
}

TaskFacts task_facts(const json::object& task) {
  TaskFacts facts;
  facts.arn = text_in(task, "taskArn");
  facts.id = last_part(facts.arn);
  facts.last_status = text_in(task, "lastStatus");
  facts.desired_status = text_in(task, "desiredStatus");
  facts.stop_code = text_in(task, "stopCode");
  facts.stopped_reason = text_in(task, "stoppedReason");
  facts.launch_type = text_in(task, "launchType");
  facts.platform_version = text_in(task, "platformVersion");
  facts.platform_family = text_in(task, "platformFamily");
  take_interface(facts, task);
  facts.definition = text_in(task, "taskDefinitionArn");
  facts.started_by = text_in(task, "startedBy");
  constexpr std::string_view kOfService = "service:";
  const std::string group = text_in(task, "group");
  if (group.starts_with(kOfService)) facts.service = group.substr(kOfService.size());
  facts.exec_enabled = flag_in(task, "enableExecuteCommand", false);
  facts.started_at = aws::number_in(task, "startedAt").value_or(0);
  for (const json::object* container : objects_in(task, "containers"))
    facts.containers.push_back(container_state(*container));
  take_overrides(facts, task);
  return facts;
}

TaskDefinitionFacts definition_facts(const json::object& definition) {
  TaskDefinitionFacts facts;
  facts.arn = text_in(definition, "taskDefinitionArn");
  facts.family = text_in(definition, "family");
  facts.revision = integer_in(definition, "revision").value_or(0);
  facts.task_role_arn = text_in(definition, "taskRoleArn");
  facts.execution_role_arn = text_in(definition, "executionRoleArn");
  facts.network_mode = text_in(definition, "networkMode");
  if (facts.network_mode.empty()) facts.network_mode = "bridge";
  facts.pid_mode = text_in(definition, "pidMode");
  if (const json::object* platform = object_in(definition, "runtimePlatform"))
    facts.os_family = text_in(*platform, "operatingSystemFamily");
  for (const json::object* one : objects_in(definition, "containerDefinitions")) {
    ContainerDefinitionFacts container;
    container.name = text_in(*one, "name");
    container.image = text_in(*one, "image");
    container.is_log_router = object_in(*one, "firelensConfiguration") != nullptr;
    container.has_read_only_root = flag_in(*one, "readonlyRootFilesystem", false);
    const json::object* parameters = object_in(*one, "linuxParameters");
    container.has_init_process = parameters != nullptr && flag_in(*parameters, "initProcessEnabled", false);
    for (const json::object* mount : objects_in(*one, "mountPoints")) {
      if (!flag_in(*mount, "readOnly", false))
        container.writable_mounts.push_back(text_in(*mount, "containerPath"));
    }
    if (parameters != nullptr) {
      for (const json::object* mount : objects_in(*parameters, "tmpfs"))
        container.writable_mounts.push_back(text_in(*mount, "containerPath"));
    }
    container.variables = names_in(*one, "environment");
    for (std::string& name : names_in(*one, "secrets")) container.variables.push_back(std::move(name));
    if (const json::object* log = object_in(*one, "logConfiguration")) {
      container.log_driver = text_in(*log, "logDriver");
      const json::object* options = object_in(*log, "options");
      if (options != nullptr) container.log_group = text_in(*options, "awslogs-group");
    }
    facts.containers.push_back(std::move(container));
  }
  return facts;
}

ClusterFacts cluster_facts(const json::object& cluster) {
  ClusterFacts facts;
  facts.name = text_in(cluster, "clusterName");
  facts.arn = text_in(cluster, "clusterArn");
  facts.status = text_in(cluster, "status");
  const json::object* configuration = object_in(cluster, "configuration");
  const json::object* exec =
      configuration == nullptr ? nullptr : object_in(*configuration, "executeCommandConfiguration");
  if (exec == nullptr) return facts;
  facts.kms_key = text_in(*exec, "kmsKeyId");
  facts.is_logging_asked_for = !text_in(*exec, "logging").empty();
  if (facts.is_logging_asked_for) facts.logging = text_in(*exec, "logging");
  if (const json::object* log = object_in(*exec, "logConfiguration")) {
    facts.log_group = text_in(*log, "cloudWatchLogGroupName");
    facts.bucket = text_in(*log, "s3BucketName");
    facts.bucket_prefix = text_in(*log, "s3KeyPrefix");
  }
  return facts;
}

VpcEndpoint endpoint_facts(const json::object& endpoint) {
  VpcEndpoint facts;
  facts.id = text_in(endpoint, "vpcEndpointId");
  facts.service = text_in(endpoint, "serviceName");
  facts.state = to_lower(text_in(endpoint, "state"));
  facts.has_private_dns = text_in(endpoint, "privateDnsEnabled") == "true";
  facts.security_groups = texts_of(endpoint, "groupSet", "groupId");
  return facts;
}

SecurityGroup group_facts(const json::object& group) {
  SecurityGroup facts;
  facts.id = text_in(group, "groupId");
  for (const json::object* rule : objects_in(group, "ipPermissions"))
    facts.inbound.push_back(port_rule(*rule));
  for (const json::object* rule : objects_in(group, "ipPermissionsEgress"))
    facts.outbound.push_back(port_rule(*rule));
  return facts;
}

DefaultRoute default_route_of(const json::object& route_table) {
  for (const json::object* route : objects_in(route_table, "routeSet")) {
    if (text_in(*route, "destinationCidrBlock") != "0.0.0.0/0") continue;
    if (text_in(*route, "state") == "blackhole") return DefaultRoute::blackhole;
    if (text_in(*route, "gatewayId").starts_with("igw-")) return DefaultRoute::internet_gateway;
    return text_in(*route, "natGatewayId").empty() ? DefaultRoute::other : DefaultRoute::nat;
  }
  return DefaultRoute::none;
}

}  // namespace ferry::feature
