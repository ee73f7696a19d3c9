#include "local/api/run_task_overrides.hpp"

#include "local/api/input.hpp"
#include "local/api/text_rules.hpp"
#include "local/tasks/document.hpp"

#include <set>
#include <string>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

std::optional<ServiceError> wrong(std::string message) {
  return invalid_parameter(std::move(message)).value();
}

std::optional<ServiceError> wrong_container(const json::object& container) {
  const std::string name = text_of(container, "name");
  for (const std::string_view member : {"cpu", "memory", "memoryReservation"}) {
    const auto size = find_integer(container, member);
    if (size && *size < 0) return wrong(fmt::format("Invalid '{}' override for container {}.", member, name));
  }
  if (!list_of(container, "environmentFiles").empty()) {
    return wrong("environmentFiles are files in S3, which ferry local does not have: use environment.");
  }
  if (auto sentence = wrong_variable(container)) return wrong(std::move(*sentence));
  return std::nullopt;
}

}  // namespace

std::optional<ServiceError> wrong_overrides(const json::object& overrides,
                                            const json::object& task_definition) {
  if (json::serialize(overrides).size() > kMostOverrideCharacters) {
    return wrong(fmt::format("Container Overrides length must be at most {}", kMostOverrideCharacters));
  }
  if (auto sentence = nul_within(overrides)) return wrong(std::move(*sentence));
  const json::array& containers = list_of(task_definition, "containerDefinitions");
  std::set<std::string> seen;
  for (const json::value& value : list_of(overrides, "containerOverrides")) {
    const json::object& container = *value.if_object();
    const std::string name = text_of(container, "name");
    if (name.empty()) return wrong("Container override must name its container.");
    if (named(containers, name) == nullptr) {
      return wrong(
          fmt::format("Override for container named {} is not a container in the TaskDefinition.", name));
    }
    if (!seen.insert(name).second)
      return wrong(fmt::format("Container {} has more than one override.", name));
    if (auto refusal = wrong_container(container)) return refusal;
  }
  for (const std::string_view member : {"cpu", "memory"}) {
    const auto size = number_in(overrides, member);
    if (overrides.contains(member) && (!size || *size <= 0)) {
      return wrong(fmt::format("Invalid '{}' setting for task.", member));
    }
  }
  return std::nullopt;
}

}  // namespace ferry::local
