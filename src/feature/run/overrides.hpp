// RunTask's `overrides`: as given with --overrides, then changed by what single flags say. Pure, thread-safe.
#pragma once

#include "base/result.hpp"

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

// The JSON of --overrides. Fails (usage) where it is no object, where a member's name or type, at any depth,
// is not one of TaskOverride in the ECS API reference, and where containers or variables lack a name or a
// container is there twice. What the values mean is the service's to judge.
Result<boost::json::object> parse_overrides(std::string_view text);

// The names in containerOverrides, in their order.
std::vector<std::string> overridden_containers(const boost::json::object& overrides);

// `overrides` with `change` on `container`: the flag wins over the same member of --overrides; variables are
// merged by name. Fails (usage) where the whole is longer than the 8192 characters that ECS takes.
Result<boost::json::object> merge_overrides(boost::json::object overrides, const std::string& container,
                                            const ContainerChange& change);

}  // namespace ferry::feature
