#include "feature/overrides.hpp"

#include <algorithm>
#include <cstddef>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestOverrides = 8192;  // "Container Overrides length must be at most 8192"

tl::unexpected<Failure> wrong(std::string what, std::string hint = {}) {
  return fail(FailureCode::usage, "--overrides: " + std::move(what), std::move(hint));
}

std::string name_of(const json::value& element) {
  const json::object* object = element.if_object();
  const json::value* name = object == nullptr ? nullptr : object->if_contains("name");
  const json::string* text = name == nullptr ? nullptr : name->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

Result<> check_containers(const json::value& containers) {
  if (!containers.is_array()) return wrong("containerOverrides is not a list");
  std::vector<std::string> seen;
  for (const json::value& element : containers.get_array()) {
    std::string name = name_of(element);
    if (name.empty()) return wrong("an element of containerOverrides has no name");
    if (std::ranges::find(seen, name) != seen.end())
      return wrong(fmt::format("container '{}' is there twice", name));
    const json::value* environment = element.get_object().if_contains("environment");
    if (environment != nullptr && !environment->is_array())
      return wrong(fmt::format("environment of container '{}' is not a list", name));
    seen.push_back(std::move(name));
  }
  return {};
}

// The override of `container`, made where there is none yet. parse_overrides() vouches for the shape.
json::object& container_override(json::object& overrides, const std::string& container) {
  json::value& list = overrides["containerOverrides"];
  if (!list.is_array()) list = json::array();
  json::array& containers = list.get_array();
  const auto found = std::ranges::find_if(
      containers, [&container](const json::value& element) { return name_of(element) == container; });
  if (found != containers.end()) return found->get_object();
  containers.push_back(json::object{{"name", container}});
  return containers.back().get_object();
}

void set_variable(json::object& container, const std::string& name, const std::string& value) {
  json::value& list = container["environment"];
  if (!list.is_array()) list = json::array();
  json::array& environment = list.get_array();
  const auto found = std::ranges::find_if(
      environment, [&name](const json::value& element) { return name_of(element) == name; });
  json::object variable{{"name", name}, {"value", value}};
  if (found == environment.end()) {
    environment.push_back(std::move(variable));
  } else {
    *found = std::move(variable);
  }
}

}  // namespace

Result<json::object> parse_overrides(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error)
    return wrong("not valid JSON: " + error.message(),
                 R"(write '{"containerOverrides":[{"name":"app","command":["./job"]}]}' or file://FILE)");
  if (!value.is_object()) return wrong("not a JSON object");
  const json::value* containers = value.get_object().if_contains("containerOverrides");
  if (containers != nullptr) {
    const Result<> checked = check_containers(*containers);
    if (!checked) return fail(checked.error());
  }
  return std::move(value.get_object());
}

std::vector<std::string> overridden_containers(const json::object& overrides) {
  std::vector<std::string> names;
  const json::value* containers = overrides.if_contains("containerOverrides");
  if (containers == nullptr || !containers->is_array()) return names;
  for (const json::value& element : containers->get_array()) names.push_back(name_of(element));
  return names;
}

Result<json::object> merge_overrides(json::object overrides, const std::string& container,
                                     const ContainerChange& change) {
  if (!change.empty()) {
    json::object& target = container_override(overrides, container);
    if (!change.command.empty()) {
      target["command"] = json::array(change.command.begin(), change.command.end());
    }
    for (const auto& [name, value] : change.environment) set_variable(target, name, value);
    if (change.cpu) target["cpu"] = *change.cpu;
    if (change.memory_mib) target["memory"] = *change.memory_mib;
  }
  const std::size_t length = json::serialize(overrides).size();
  if (length > kLongestOverrides)
    return fail(FailureCode::usage,
                fmt::format("the overrides are {} characters long, and ECS takes at most {}", length,
                            kLongestOverrides),
                "put long values into a file or parameter that the command reads itself");
  return overrides;
}

}  // namespace ferry::feature
