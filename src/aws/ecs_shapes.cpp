#include "aws/answer_reader.hpp"
#include "aws/ecs.hpp"
#include "base/text.hpp"

#include <array>
#include <limits>
#include <utility>

namespace ferry::aws::ecs {
namespace {

namespace json = boost::json;

std::string last_part(const std::string& arn) {
  return arn.substr(arn.rfind('/') + 1);
}

std::optional<int> small_integer(const json::object& object, std::string_view name) {
  const std::optional<std::int64_t> value = integer_in(object, name);
  if (!value || *value < std::numeric_limits<int>::min() || *value > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  return static_cast<int>(*value);
}

Container container_from_json(const json::object& json) {
  Container container;
  container.name = text_in(json, "name");
  container.arn = text_in(json, "containerArn");
  container.image = text_in(json, "image");
  container.runtime_id = text_in(json, "runtimeId");
  container.last_status = text_in(json, "lastStatus");
  container.health_status = text_in(json, "healthStatus");
  container.reason = text_in(json, "reason");
  container.exit_code = small_integer(json, "exitCode");
  for (const json::object* agent : objects_in(json, "managedAgents")) {
    container.managed_agents.push_back({.name = text_in(*agent, "name"),
                                        .last_status = text_in(*agent, "lastStatus"),
                                        .reason = text_in(*agent, "reason")});
  }
  return container;
}

std::vector<ContainerDependency> dependencies_from_json(const json::object& container) {
  std::vector<ContainerDependency> dependencies;
  for (const json::object* dependency : objects_in(container, "dependsOn")) {
    dependencies.push_back(
        {.container = text_in(*dependency, "containerName"), .condition = text_in(*dependency, "condition")});
  }
  return dependencies;
}

LogConfiguration log_from_json(const json::object& container) {
  LogConfiguration log;
  const json::object* configuration = object_in(container, "logConfiguration");
  if (configuration == nullptr) return log;
  log.driver = text_in(*configuration, "logDriver");
  const json::object* options = object_in(*configuration, "options");
  if (options == nullptr) return log;
  log.group = text_in(*options, "awslogs-group");
  log.region = text_in(*options, "awslogs-region");
  log.stream_prefix = text_in(*options, "awslogs-stream-prefix");
  return log;
}

}  // namespace

bool has_stopped(const Task& task) {
  return task.last_status == "STOPPED" || task.last_status == "DELETED";
}

Error error_of(const Failure& failure) {
  constexpr std::array<std::pair<std::string_view, Error>, 15> kNames{{
      {"AccessDeniedException", Error::access_denied},
      {"AccessDenied", Error::access_denied},
      {"BlockedException", Error::blocked},
      {"ClientException", Error::client},
      {"ClusterNotFoundException", Error::cluster_not_found},
      {"ConflictException", Error::conflict},
      {"InvalidParameterException", Error::invalid_parameter},
      {"PlatformTaskDefinitionIncompatibilityException", Error::platform_task_definition_incompatibility},
      {"PlatformUnknownException", Error::platform_unknown},
      {"ServerException", Error::server},
      {"TargetNotConnectedException", Error::target_not_connected},
      {"ThrottlingException", Error::throttling},
      {"Throttling", Error::throttling},
      {"RequestLimitExceeded", Error::throttling},
      {"UnsupportedFeatureException", Error::unsupported_feature},
  }};
  for (const auto& [name, error] : kNames) {
    if (name == failure.service_code) return error;
  }
  return Error::other;
}

std::string Task::id() const {
  return last_part(arn);
}

std::string Task::cluster_name() const {
  return last_part(cluster_arn);
}

Task task_from_json(const json::object& json) {
  Task task;
  task.arn = text_in(json, "taskArn");
  task.cluster_arn = text_in(json, "clusterArn");
  task.task_definition_arn = text_in(json, "taskDefinitionArn");
  task.group = text_in(json, "group");
  task.started_by = text_in(json, "startedBy");
  task.last_status = text_in(json, "lastStatus");
  task.desired_status = text_in(json, "desiredStatus");
  task.stop_code = text_in(json, "stopCode");
  task.stopped_reason = text_in(json, "stoppedReason");
  task.launch_type = text_in(json, "launchType");
  task.enable_execute_command = flag_in(json, "enableExecuteCommand", false);
  for (const json::object* container : objects_in(json, "containers")) {
    task.containers.push_back(container_from_json(*container));
  }
  task.created_at = number_in(json, "createdAt");
  task.connectivity_at = number_in(json, "connectivityAt");
  task.pull_started_at = number_in(json, "pullStartedAt");
  task.pull_stopped_at = number_in(json, "pullStoppedAt");
  task.started_at = number_in(json, "startedAt");
  task.stopping_at = number_in(json, "stoppingAt");
  task.execution_stopped_at = number_in(json, "executionStoppedAt");
  task.stopped_at = number_in(json, "stoppedAt");
  return task;
}

DescribedTasks described_tasks_from_json(const json::object& json) {
  DescribedTasks described;
  for (const json::object* task : objects_in(json, "tasks")) described.tasks.push_back(task_from_json(*task));
  for (const json::object* failure : objects_in(json, "failures")) {
    described.failures.push_back({.arn = text_in(*failure, "arn"),
                                  .reason = text_in(*failure, "reason"),
                                  .detail = text_in(*failure, "detail")});
  }
  return described;
}

TaskDefinition task_definition_from_json(const json::object& json) {
  TaskDefinition definition;
  definition.arn = text_in(json, "taskDefinitionArn");
  definition.family = text_in(json, "family");
  definition.task_role_arn = text_in(json, "taskRoleArn");
  definition.revision = small_integer(json, "revision").value_or(0);
  for (const json::object* container : objects_in(json, "containerDefinitions")) {
    definition.containers.push_back(
        {.name = text_in(*container, "name"),
         .image = text_in(*container, "image"),
         .essential = flag_in(*container, "essential", true),
         .depends_on = dependencies_from_json(*container),
         .is_log_router = object_in(*container, "firelensConfiguration") != nullptr,
         .log = log_from_json(*container)});
  }
  return definition;
}

ExecConfiguration exec_configuration_from_json(const json::object& cluster) {
  const json::object* configuration = object_in(cluster, "configuration");
  if (configuration == nullptr) return {};
  const json::object* exec = object_in(*configuration, "executeCommandConfiguration");
  if (exec == nullptr) return {};
  return {.logging = text_in(*exec, "logging"), .kms_key_id = text_in(*exec, "kmsKeyId")};
}

ServiceState service_from_json(const json::object& json) {
  ServiceState service;
  service.arn = text_in(json, "serviceArn");
  service.name = text_in(json, "serviceName");
  service.status = text_in(json, "status");
  service.desired_count = integer_in(json, "desiredCount").value_or(0);
  service.running_count = integer_in(json, "runningCount").value_or(0);
  service.pending_count = integer_in(json, "pendingCount").value_or(0);
  service.enable_execute_command = flag_in(json, "enableExecuteCommand", false);
  return service;
}

ExecSession exec_session_from_json(const json::object& json) {
  ExecSession session;
  session.cluster_arn = text_in(json, "clusterArn");
  session.task_arn = text_in(json, "taskArn");
  session.container_name = text_in(json, "containerName");
  session.container_arn = text_in(json, "containerArn");
  if (const json::object* inner = object_in(json, "session")) {
    session.session_id = text_in(*inner, "sessionId");
    session.stream_url = text_in(*inner, "streamUrl");
    session.token_value = text_in(*inner, "tokenValue");
  }
  return session;
}

}  // namespace ferry::aws::ecs
