// A task as the service's API shows it: how one begins, and the changes that its life makes.
// Pure but for the identifiers, which are random.
#pragma once

#include "base/time.hpp"

#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace ferry::local {

// What RunTask or a service's deployment asks for; checked before.
struct TaskOrder {
  std::string cluster_arn;
  boost::json::object task_definition;
  boost::json::object overrides;
  boost::json::object network_configuration;
  std::string launch_type = "EC2";
  std::string capacity_provider;
  std::string platform_version;  // of Fargate; LATEST or empty is the newest
  std::string group, started_by;
  boost::json::array tags;
  bool enable_execute_command = false;
};

// desiredStatus RUNNING, lastStatus PROVISIONING, with its containers PENDING.
boost::json::object new_task(const TaskOrder& order, WallTime now);

bool is_stopped(const boost::json::object& task);
// Accepted or running, and nobody wants it stopped.
bool is_wanted(const boost::json::object& task);

// PROVISIONING to PENDING: network attached, image "pulled", containers named by runtime ids.
void provision(boost::json::object& task, WallTime now);
void container_started(boost::json::object& task, std::string_view container);
// Its ExecuteCommandAgent, where it has one; PENDING until then.
void exec_agent_started(boost::json::object& task, std::string_view container, WallTime now);
void exec_agent_stopped(boost::json::object& task, std::string_view container, std::string_view reason);
void container_stopped(boost::json::object& task, std::string_view container);
void task_running(boost::json::object& task, WallTime now);
// desiredStatus STOPPED for a reason; a task that runs becomes STOPPING.
void task_stopping(boost::json::object& task, std::string_view stop_code, std::string_view reason,
                   WallTime now);
// The first essential container has ended; a later one changes nothing.
void execution_stopped(boost::json::object& task, WallTime now);
void task_deprovisioning(boost::json::object& task);
void task_stopped(boost::json::object& task, WallTime now);

// The container's part of the document; the task must have it.
boost::json::object& container_of(boost::json::object& task, std::string_view container);

}  // namespace ferry::local
