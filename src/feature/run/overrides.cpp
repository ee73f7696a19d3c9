#include "feature/run/overrides.hpp"

#include "feature/run/structure_argument.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::string_view kMember = "overrides";
constexpr std::string_view kForm =
    R"(write '{"containerOverrides":[{"name":"app","command":["./job"]}]}' or file://FILE)";

tl::unexpected<Failure> wrong(std::string what, std::string hint = {}) {
  return fail(FailureCode::usage, std::move(what), std::move(hint));
}

std::string name_of(const json::value& element) {
  const json::object* object = element.if_object();
  const json::value* name = object == nullptr ? nullptr : object->if_contains("name");
  const json::string* text = name == nullptr ? nullptr : name->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

// Of a list whose elements check_members() has seen.
Result<> check_names(const json::array& containers) {
  std::vector<std::string> seen;
  for (const json::value& element : containers) {
    std::string name = name_of(element);
    if (name.empty())
      return wrong(fmt::format("containerOverrides[{}] has no name", seen.size()),
                   R"(write "name": "CONTAINER")");
    if (std::ranges::find(seen, name) != seen.end())
      return wrong(fmt::format("container '{}' is there twice", name));
    const json::value* environment = element.get_object().if_contains("environment");
    if (environment != nullptr) {
      for (const json::value& variable : environment->get_array()) {
        if (name_of(variable).empty())
          return wrong(fmt::format("a variable of container '{}' has no name", name),
                       R"(write {"name": "NAME", "value": "VALUE"})");
      }
    }
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

Result<json::object> parse_overrides(const std::string& text, const ReadFile& read_file) {
  Result<json::value> value = parse_structure("--overrides", kMember, std::span(&text, 1), read_file);
  if (!value) {
    Failure failure = std::move(value.error());
    if (failure.hint.empty()) failure.hint = kForm;
    return fail(std::move(failure));
  }
  const Result<> named = check_container_names(value->get_object());
  if (!named) return fail(named.error().in("--overrides"));
  return std::move(value->get_object());
}

Result<> check_container_names(const json::object& overrides) {
  const json::value* containers = overrides.if_contains("containerOverrides");
  return containers == nullptr ? Result<>() : check_names(containers->get_array());
}

std::vector<std::string> overridden_containers(const json::object& overrides) {
  std::vector<std::string> names;
  const json::value* containers = overrides.if_contains("containerOverrides");
  if (containers == nullptr || !containers->is_array()) return names;
  for (const json::value& element : containers->get_array()) names.push_back(name_of(element));
  return names;
}

json::object merge_overrides(json::object overrides, const std::string& container,
                             const ContainerChange& change, const TaskChange& task) {
  if (!change.empty()) {
    json::object& target = container_override(overrides, container);
    if (!change.command.empty()) {
      target["command"] = json::array(change.command.begin(), change.command.end());
    }
    for (const auto& [name, value] : change.environment) set_variable(target, name, value);
    if (change.cpu) target["cpu"] = *change.cpu;
    if (change.memory_mib) target["memory"] = *change.memory_mib;
  }
  for (const auto& [name, value] :
       {std::pair<std::string_view, const std::string&>("cpu", task.cpu),
        std::pair<std::string_view, const std::string&>("memory", task.memory),
        std::pair<std::string_view, const std::string&>("taskRoleArn", task.task_role_arn),
        std::pair<std::string_view, const std::string&>("executionRoleArn", task.execution_role_arn)}) {
    if (!value.empty()) overrides[name] = value;
  }
  if (task.ephemeral_storage_gib) {
    overrides["ephemeralStorage"] = json::object{{"sizeInGiB", *task.ephemeral_storage_gib}};
  }
  return overrides;
}

}  // namespace ferry::feature
