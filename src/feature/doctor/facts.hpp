// All that the doctor knows before it judges: what the API said, as values. A Result holds the Failure that
// stood in the way of reading it (denied, not there, not asked). Owns its text; bounded by the gathering.
#pragma once

#include "base/result.hpp"
#include "feature/doctor/iam_policy.hpp"
#include "feature/target.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ferry::feature {

struct ContainerState {
  std::string name, image, last_status, reason, runtime_id;
  std::string agent_status, agent_reason;  // of the ExecuteCommandAgent; empty where the container has none
  std::vector<std::string> override_variables;  // names that the task was started with
};

struct TaskFacts {
  std::string arn, id, last_status, desired_status, stop_code, stopped_reason;
  std::string launch_type, platform_version, platform_family;
  std::string subnet, interface;  // of its network interface and its id; empty without one
  std::string task_role_override, execution_role_override;
  std::string service;     // the one that it belongs to; empty for none
  std::string definition;  // its ARN
  std::string started_by;  // for a service's task its deployment
  bool exec_enabled = false;
  double started_at = 0;
  std::vector<ContainerState> containers;
};

struct VpcPlacement {
  std::vector<std::string> subnets, security_groups;
  bool has_public_address = false;
};

struct ServiceFacts {
  std::string name, status, launch_type, platform_version, platform_family;
  bool exec_enabled = false;
  std::int64_t desired_count = 0;
  std::string newest_event;
  std::string definition;          // its task definition's ARN
  std::string primary_deployment;  // its id, which its tasks carry as startedBy
  std::optional<VpcPlacement> placement;
};

struct ContainerDefinitionFacts {
  std::string name, image;
  bool is_log_router = false;  // has a firelensConfiguration
  bool has_read_only_root = false, has_init_process = false;
  std::vector<std::string> variables;        // names: environment and secrets
  std::vector<std::string> writable_mounts;  // paths of volumes and tmpfs
  std::string log_driver, log_group;
};

struct TaskDefinitionFacts {
  std::string arn, family, task_role_arn, execution_role_arn, network_mode, pid_mode, os_family;
  std::int64_t revision = 0;
  std::vector<ContainerDefinitionFacts> containers;
};

struct ClusterFacts {
  std::string name, arn, status;
  bool is_logging_asked_for = false;  // somebody set it; DEFAULT holds without, too
  std::string kms_key, logging = "DEFAULT";
  std::string log_group, bucket, bucket_prefix;
};

struct RoleFacts {
  std::string name, arn;
  Policy trust;
  std::vector<Policy> policies;
  Result<std::optional<Policy>> boundary;
};

struct VpcEndpoint {
  std::string id, service, state;  // "com.amazonaws.REGION.ssmmessages"
  bool has_private_dns = false;
  std::vector<std::string> security_groups;
};

struct PortRule {
  std::string protocol;  // "tcp", "-1" for all
  std::int64_t from_port = 0, to_port = 65'535;
  std::vector<std::string> peers;  // address ranges, groups and prefix lists
};

struct SecurityGroup {
  std::string id;
  std::vector<PortRule> inbound, outbound;
};

// Where the default route of the task's subnet leads.
enum class DefaultRoute { none, internet_gateway, nat, blackhole, other };

struct NetworkFacts {
  std::string subnet, subnet_range, vpc;
  std::vector<std::string> task_groups;
  bool has_public_address = false;
  Result<DefaultRoute> default_route;
  Result<std::vector<VpcEndpoint>> endpoints;
  Result<std::vector<SecurityGroup>> groups;  // of the task and of its endpoints
};

struct CallerFacts {
  std::string arn;
  Result<bool> may_execute, may_generate_data_key;
  Result<bool> may_open_channel;  // to the sessions that exec opens
};

struct Facts {
  Target target;
  std::string task_definition_asked;  // where the target is a task definition, else empty
  std::string container;              // the one asked for; empty for all but those put there by AWS
  std::string region;                 // where the calls went
  std::string endpoint;               // of ECS; empty where that is AWS itself
  std::string profile;                // the one that was named to ferry; may be empty
  // By the service's name: those of its endpoints that are not AWS's own.
  std::map<std::string, std::string, std::less<>> service_endpoints;

  // What is not there: names that exist and look like its own, of clusters where the cluster is missing.
  std::vector<std::string> near_names;

  Result<ClusterFacts> cluster;
  // Absent: not there. A Failure: could not be read.
  Result<std::optional<ServiceFacts>> service;
  Result<std::optional<TaskFacts>> task;
  Result<std::optional<TaskDefinitionFacts>> definition;
  Result<RoleFacts> task_role, execution_role;
  Result<NetworkFacts> network;
  Result<bool> log_group_exists;                   // the OVERRIDE group
  Result<std::vector<std::string>> open_sessions;  // ids, to the container
  CallerFacts caller;
};

// Null where it is not there or could not be read.
template <class T>
const T* known(const Result<std::optional<T>>& fact) {
  return fact && *fact ? &**fact : nullptr;
}

// Whether what is said of this container counts: it is the one asked for, or nobody asked for one and it was
// not put there by AWS (feature/container_choice.hpp).
bool is_meant(const Facts& facts, std::string_view container);

// The role that the task's containers act as; empty for none. The execution role likewise.
std::string task_role_arn(const Facts& facts);
std::string execution_role_arn(const Facts& facts);

// "name" of arn:...:role/path/name or cluster/name.
std::string last_part(std::string_view arn);

// The text of `position` (from 0) of an ARN: 1 partition, 3 region, 4 account. Empty where it has none.
std::string arn_part(std::string_view arn, std::size_t position);

}  // namespace ferry::feature
