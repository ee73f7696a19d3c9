// From what the user asked for to RunTask's input. Pure, thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/container_choice.hpp"
#include "feature/run/ephemeral_revision.hpp"
#include "feature/run/overrides.hpp"
#include "feature/target.hpp"

#include <optional>
#include <string>
#include <string_view>
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
  TaskChange task_change;         // of the task as a whole
  boost::json::object overrides;  // from parse_overrides()
  // Members of RunTask's input whose flags take JSON: networkConfiguration, capacityProviderStrategy ...
  boost::json::object structures;
  std::string launch_type, platform_version, started_by, reference_id, group, propagate_tags;
  std::vector<std::pair<std::string, std::string>> tags;
  bool command_is_shell = false;  // its first word is `sh`, which a PATH of the task's own may not lead to
  bool enable_execute_command = false, enable_managed_tags = false;
  // RunTask's input as --cli-input-json has it: every other member of this request wins over its own.
  boost::json::object given_input;
  std::optional<Target> like;  // a service whose place is taken over; all of the above wins over that
  RevisionChange revision;
};

// The value of --cli-input-json: RunTask's input, all members optional. Fails (usage) where it is no object,
// or has a member that RunTask has not.
Result<boost::json::object> parse_cli_input(std::string_view text);

// Fails (usage) where the command, a variable, a tag or startedBy is not UTF-8: RunTask's JSON cannot carry
// it.
Result<> check_utf8(const RunRequest& request);

// Whose command, log and exit code are meant: as feature/container_choice.hpp has it; where that leaves
// several, the only one that --overrides names. Otherwise a failure (ambiguous) that lists them.
Result<ContainerChoice> choose_container(const aws::ecs::TaskDefinition& definition,
                                         const RunRequest& request);

// RunTask's input without `count`; a `clientToken` only where the user gave one. `like` is what
// like_service() made of the service; empty where there is none. Of the ways to name the capacity (launch
// type, strategy) the one that is named closest to the user counts.
boost::json::object run_task_input(const RunRequest& request, const boost::json::object& like,
                                   const std::string& container);

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
