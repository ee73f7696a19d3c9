// RunTask's `overrides`: as given with --overrides, then changed by what single flags say. Pure, thread-safe.
#pragma once

#include "base/result.hpp"
#include "feature/run/shorthand.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::feature {

// What single flags say about the chosen container. Empty members say nothing.
struct ContainerChange {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::optional<std::int64_t> cpu;         // CPU units, 1024 a core
  std::optional<std::int64_t> memory_mib;  // hard limit

  [[nodiscard]] bool empty() const { return command.empty() && environment.empty() && !cpu && !memory_mib; }
};

// What single flags say about the task as a whole. Empty members say nothing.
struct TaskChange {
  std::string cpu, memory;  // as the task definition writes them: "1024" or "1 vCPU", "2048" or "2 GB"
  std::string task_role_arn, execution_role_arn;
  std::optional<std::int64_t> ephemeral_storage_gib;
};

// --overrides: JSON or the AWS CLI's shorthand. Fails (usage) where it is not what parse_structure() takes,
// and as check_container_names() does. What the values mean is the service's to judge.
Result<boost::json::object> parse_overrides(const std::string& text, const ReadFile& read_file = {});

// Fails (usage) where containers or variables lack a name or a container is there twice. `overrides` has the
// members and types of RunTask's (check_members()).
Result<> check_container_names(const boost::json::object& overrides);

// The names in containerOverrides, in their order.
std::vector<std::string> overridden_containers(const boost::json::object& overrides);

// `overrides` with `change` on `container` and `task` on the whole: the flag wins over the same member of
// --overrides; variables are merged by name.
boost::json::object merge_overrides(boost::json::object overrides, const std::string& container,
                                    const ContainerChange& change, const TaskChange& task = {});

}  // namespace ferry::feature
