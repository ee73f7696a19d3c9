// From what the user asked for to RunTask's input. Pure, thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/run/overrides.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::feature {

// One task, as the command line describes it. Empty members leave the choice to the service.
struct RunRequest {
  std::string cluster;
  std::string task_definition;  // family, family:revision or ARN
  std::string container;
  ContainerChange change;         // of the chosen container
  boost::json::object overrides;  // from parse_overrides()
  std::optional<boost::json::object> network_configuration;
  std::string launch_type, platform_version, started_by;
  std::vector<std::pair<std::string, std::string>> tags;
  bool enable_execute_command = false;
};

// Fails (usage) where the command, a variable, a tag or startedBy is not UTF-8: RunTask's JSON cannot carry
// it.
Result<> check_utf8(const RunRequest& request);

// Whose command, log and exit code are meant: --container; else the only container; else the only essential
// one; else the only one that --overrides names. Otherwise a failure (ambiguous) that lists them.
Result<std::string> choose_container(const aws::ecs::TaskDefinition& definition, const RunRequest& request);

// `client_token` makes RunTask safe to repeat: 1 to 64 printable characters, unique to this run.
Result<boost::json::object> run_task_input(const RunRequest& request, const std::string& container,
                                           const std::string& client_token);

// Where a container's log is found, or why it cannot be read.
struct LogSource {
  std::string group, stream;  // empty where `unreadable` says why
  std::string region;         // as the log driver was told
  std::string unreadable;
};

// The awslogs driver names its stream PREFIX/CONTAINER/TASK-ID.
LogSource log_source(const aws::ecs::TaskDefinition& definition, const std::string& container,
                     const std::string& task_id);

}  // namespace ferry::feature
