#include "local/api/execute_command.hpp"

#include "base/text.hpp"
#include "local/api/arn.hpp"
#include "local/api/cluster_operations.hpp"
#include "local/api/exec_configuration.hpp"
#include "local/api/input.hpp"
#include "local/api/shape.hpp"
#include "local/api/task_definition_operations.hpp"
#include "local/api/task_operations.hpp"
#include "local/api/text_rules.hpp"
#include "local/tasks/document.hpp"

#include <utility>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kNotEnabled =
    "The execute command failed because execute command was not enabled when the task was run or the execute "
    "command agent isn’t running. Wait and try again or run a new task with execute command enabled and try "
    "again.";

bool agent_runs(const json::object& container) {
  const json::array& agents = list_of(container, "managedAgents");
  return !agents.empty() && text_of(agents.front().as_object(), "lastStatus") == "RUNNING";
}

// The container that a request means: the only one, or the one it names.
Answer container_in(const json::object& task, const std::string& name) {
  const json::array& containers = list_of(task, "containers");
  if (name.empty()) {
    if (containers.size() == 1) return containers.front().as_object();
    return invalid_parameter("The container name is required for a task with more than one container.");
  }
  const json::object* container = named(containers, name);
  if (container != nullptr) return *container;
  return invalid_parameter(fmt::format("The container named {} was not found in the task.", name));
}

// What the cluster wants of a session into that container of the task.
ExecPolicy policy_of(const Documents& documents, const json::object& cluster, const json::object& task,
                     std::string_view container) {
  const auto record = find_task_definition(documents, text_of(task, "taskDefinitionArn"));
  const json::object* definition =
      record ? named(list_of(record->definition, "containerDefinitions"), container) : nullptr;
  return exec_policy(cluster, definition == nullptr ? json::object() : *definition);
}

Answer execute_command(const Documents& documents, SessionRegistry& sessions, std::string_view region,
                       std::string_view stream_base, const json::object& input) {
  const std::string command = text_of(input, "command");
  if (!flag_of(input, "interactive")) {
    return invalid_parameter("Interactive is the only mode supported currently.");
  }
  if (trim(command).empty()) return invalid_parameter("Command can not be blank.");
  if (auto wrong = nul_within(input)) return invalid_parameter(std::move(*wrong));
  auto cluster = find_cluster(documents, text_of(input, "cluster"));
  if (!cluster) return cluster;
  const std::string cluster_name = text_of(*cluster, "clusterName");
  auto task = find_task(documents, region, cluster_name, text_of(input, "task"));
  if (!task) return task;
  auto container = container_in(*task, text_of(input, "container"));
  if (!container) return container;
  if (!flag_of(*task, "enableExecuteCommand") || !agent_runs(*container)) {
    return invalid_parameter(std::string(kNotEnabled));
  }
  SessionRequest request;
  request.target = fmt::format("ecs:{}_{}_{}", cluster_name, short_name(text_of(*task, "taskArn")),
                               text_of(*container, "runtimeId"));
  request.command = command;
  ExecPolicy policy = policy_of(documents, *cluster, *task, text_of(*container, "name"));
  request.kms_key_id = std::move(policy.kms_key_id);
  request.log_group = std::move(policy.log_group);
  auto ticket = sessions.open(std::move(request));
  if (!ticket && ticket.error().code == FailureCode::refused)
    return refuse("ClientException", ticket.error().what);
  if (!ticket) {
    return refuse("TargetNotConnectedException",
                  "The execute command failed due to an internal error. Try again later.");
  }
  json::object session = {{"sessionId", ticket->session_id},
                          {"streamUrl", fmt::format("{}/v1/data-channel/{}?role=publish_subscribe",
                                                    stream_base, ticket->session_id)},
                          {"tokenValue", ticket->token_value}};
  return json::object{{"clusterArn", text_of(*cluster, "clusterArn")},
                      {"containerArn", text_of(*container, "containerArn")},
                      {"containerName", text_of(*container, "name")},
                      {"interactive", true},
                      {"session", std::move(session)},
                      {"taskArn", text_of(*task, "taskArn")}};
}

}  // namespace

Operations execute_command_operations(Documents& documents, SessionRegistry& sessions, std::string region,
                                      std::string stream_base) {
  Operations operations;
  operations["ExecuteCommand"] = shaped_at_once(
      R"({"cluster": "string", "container": "string", "command": "string", "interactive": "boolean",
          "task": "string"})",
      [&documents, &sessions, region = std::move(region),
       stream_base = std::move(stream_base)](const json::object& input) {
        return execute_command(documents, sessions, region, stream_base, input);
      });
  return operations;
}

}  // namespace ferry::local
