// The ECS operations that ferry uses, typed. Members not named here stay in the answer's JSON and are not
// used.
#pragma once

#include "aws/client.hpp"
#include "base/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::aws::ecs {

// Every error that the models of RunTask and ExecuteCommand name, and the common ones of every call.
enum class Error {
  access_denied,
  blocked,
  client,
  cluster_not_found,
  conflict,
  invalid_parameter,
  platform_task_definition_incompatibility,
  platform_unknown,
  server,
  target_not_connected,
  throttling,
  unsupported_feature,
  other,
};
// `other` for a name that is not in the models; Failure::service_code keeps it verbatim.
Error error_of(const Failure& failure);

struct ManagedAgent {
  std::string name, last_status, reason;
};

struct Container {
  std::string name, arn, image, runtime_id, last_status, health_status, reason;
  std::optional<int> exit_code;  // absent is unknown, never 0
  std::vector<ManagedAgent> managed_agents;
};

struct Task {
  std::string arn, cluster_arn, task_definition_arn, group, started_by;
  std::string last_status, desired_status, stop_code, stopped_reason, launch_type;
  bool enable_execute_command = false;
  std::vector<Container> containers;
  // Seconds since 1970.
  std::optional<double> created_at, connectivity_at, pull_started_at, pull_stopped_at, started_at,
      stopping_at, execution_stopped_at, stopped_at;

  [[nodiscard]] std::string id() const;            // the last part of the ARN
  [[nodiscard]] std::string cluster_name() const;  // the last part of cluster_arn
};

// Whether nothing of it runs any more.
[[nodiscard]] bool has_stopped(const Task& task);

struct ServiceFailure {
  std::string arn, reason, detail;
};

struct DescribedTasks {
  std::vector<Task> tasks;
  std::vector<ServiceFailure> failures;
};

struct LogConfiguration {
  std::string driver;                        // "awslogs"; empty where none is configured
  std::string group, region, stream_prefix;  // of awslogs
};
struct ContainerDependency {
  std::string container;
  std::string condition;  // START, COMPLETE, SUCCESS, HEALTHY
};
struct ContainerDefinition {
  std::string name;
  std::string image;
  bool essential = true;
  std::vector<ContainerDependency> depends_on;
  bool is_log_router = false;  // has a firelensConfiguration
  LogConfiguration log;
};
struct TaskDefinition {
  std::string arn, family, task_role_arn;
  int revision = 0;
  std::vector<ContainerDefinition> containers;
};

// A cluster's executeCommandConfiguration; empty members where it has none.
struct ExecConfiguration {
  std::string logging;  // DEFAULT, OVERRIDE, NONE
  std::string kms_key_id;
};

struct ServiceState {
  std::string arn, name, status;  // ACTIVE, DRAINING, INACTIVE
  std::int64_t desired_count = 0, running_count = 0, pending_count = 0;
  bool enable_execute_command = false;
};

struct ExecSession {
  std::string session_id, stream_url;
  Secret token_value;
  std::string cluster_arn, task_arn, container_name, container_arn;
};

// Answers, tolerant: what is absent or of another type stays empty.
Task task_from_json(const boost::json::object& json);
DescribedTasks described_tasks_from_json(const boost::json::object& json);
TaskDefinition task_definition_from_json(const boost::json::object& json);
ExecConfiguration exec_configuration_from_json(const boost::json::object& cluster);
ServiceState service_from_json(const boost::json::object& json);
ExecSession exec_session_from_json(const boost::json::object& json);

// At most 100 ids.
net::Task<Result<DescribedTasks>> describe_tasks(Client& client, std::string cluster,
                                                 std::vector<std::string> tasks);
// Every page; `filter` may have serviceName, family, startedBy, desiredStatus. ARNs.
net::Task<Result<std::vector<std::string>>> list_tasks(Client& client, std::string cluster,
                                                       boost::json::object filter);
// `input` is RunTask's own; the client token that makes it safe to repeat must be in it.
net::Task<Result<DescribedTasks>> run_task(Client& client, boost::json::object input,
                                           net::Event* called_off = nullptr);
net::Task<Result<Task>> stop_task(Client& client, std::string cluster, std::string task, std::string reason);
net::Task<Result<TaskDefinition>> describe_task_definition(Client& client, std::string task_definition);
// Failure not_found where there is no such cluster.
net::Task<Result<ExecConfiguration>> describe_exec_configuration(Client& client, std::string cluster);
// Failure not_found where the cluster has no such service.
net::Task<Result<ServiceState>> describe_service(Client& client, std::string cluster, std::string service);
// The element of DescribeServices' answer as it came, tags included. Failure not_found as above.
net::Task<Result<boost::json::object>> describe_whole_service(Client& client, std::string cluster,
                                                              std::string service);
net::Task<Result<ExecSession>> execute_command(Client& client, std::string cluster, std::string task,
                                               std::string container, std::string command,
                                               net::Event* called_off = nullptr);

}  // namespace ferry::aws::ecs
