#include "feature/run/overrides.hpp"

#include "base/text.hpp"
#include "feature/run/shorthand.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::string_view kForm =
    R"(write '{"containerOverrides":[{"name":"app","command":["./job"]}]}' or file://FILE)";

tl::unexpected<Failure> wrong(std::string what, std::string hint = {}) {
  return fail(FailureCode::usage, "--overrides: " + std::move(what), std::move(hint));
}

enum class Shape { text, integer, texts, structure, structures };

// A member that RunTask's overrides may have; `members` are those of a structure.
struct Member {
  std::string_view name;
  Shape shape;
  std::span<const Member> members;
};

// TaskOverride and ContainerOverride in the ECS API reference. The task's sizes are strings there, a
// container's are integers.
constexpr std::array kPairMembers{Member{"name", Shape::text, {}}, Member{"value", Shape::text, {}}};
constexpr std::array kTypedMembers{Member{"value", Shape::text, {}}, Member{"type", Shape::text, {}}};
constexpr std::array kContainerMembers{Member{"name", Shape::text, {}},
                                       Member{"command", Shape::texts, {}},
                                       Member{"environment", Shape::structures, kPairMembers},
                                       Member{"environmentFiles", Shape::structures, kTypedMembers},
                                       Member{"cpu", Shape::integer, {}},
                                       Member{"memory", Shape::integer, {}},
                                       Member{"memoryReservation", Shape::integer, {}},
                                       Member{"resourceRequirements", Shape::structures, kTypedMembers}};
constexpr std::array kStorageMembers{Member{"sizeInGiB", Shape::integer, {}}};
constexpr std::array kAcceleratorMembers{Member{"deviceName", Shape::text, {}},
                                         Member{"deviceType", Shape::text, {}}};
constexpr std::array kTaskMembers{
    Member{"containerOverrides", Shape::structures, kContainerMembers},
    Member{"cpu", Shape::text, {}},
    Member{"memory", Shape::text, {}},
    Member{"executionRoleArn", Shape::text, {}},
    Member{"taskRoleArn", Shape::text, {}},
    Member{"ephemeralStorage", Shape::structure, kStorageMembers},
    Member{"inferenceAcceleratorOverrides", Shape::structures, kAcceleratorMembers}};

bool has_shape(const json::value& value, Shape shape) {
  const auto all = [&value](auto matches) {
    return value.is_array() && std::ranges::all_of(value.get_array(), matches);
  };
  switch (shape) {
    case Shape::text:
      return value.is_string();
    case Shape::integer:
      return value.is_int64();
    case Shape::texts:
      return all([](const json::value& element) { return element.is_string(); });
    case Shape::structure:
      return value.is_object();
    case Shape::structures:
      return all([](const json::value& element) { return element.is_object(); });
  }
  return false;
}

tl::unexpected<Failure> wrong_shape(const std::string& place, const Member& member) {
  const auto say = [&place, &member](std::string_view what, std::string_view example) {
    return wrong(fmt::format("{} must be {}", place, what),
                 fmt::format(R"(write "{}": {})", member.name, example));
  };
  const std::string_view inner = member.members.empty() ? std::string_view() : member.members.front().name;
  switch (member.shape) {
    case Shape::text:
      return say("a string", R"("TEXT")");
    case Shape::integer:
      return say("a whole number", "256");
    case Shape::texts:
      return say("a list of strings", R"(["WORD", "WORD"])");
    case Shape::structure:
      return say("an object", fmt::format(R"({{"{}": ...}})", inner));
    case Shape::structures:
      break;
  }
  return say("a list of objects", fmt::format(R"([{{"{}": ...}}])", inner));
}

tl::unexpected<Failure> unknown_member(const std::string& place, std::string_view name,
                                       std::span<const Member> members) {
  std::vector<std::string> known;
  for (const Member& member : members) known.emplace_back(member.name);
  return wrong(place.empty() ? fmt::format("there is no member '{}'", name)
                             : fmt::format("{} has no member '{}'", place, name),
               fmt::format("the members are: {}", join(known, ", ")));
}

// Refuses what the service would not know, since it ignores that silently and would run the task
// definition's own command. Recursion ends with the table's depth.
Result<> check_members(const json::object& object, const std::string& place,
                       std::span<const Member> members) {
  for (const auto& [key, value] : object) {
    const std::string_view name = key;
    const auto member = std::ranges::find(members, name, &Member::name);
    if (member == members.end()) return unknown_member(place, name, members);
    const std::string inside = place.empty() ? std::string(name) : fmt::format("{}.{}", place, name);
    if (!has_shape(value, member->shape)) return wrong_shape(inside, *member);
    if (member->shape == Shape::structure) {
      const Result<> checked = check_members(value.get_object(), inside, member->members);
      if (!checked) return checked;
    }
    if (member->shape != Shape::structures) continue;
    std::size_t index = 0;
    for (const json::value& element : value.get_array()) {
      const Result<> checked =
          check_members(element.get_object(), fmt::format("{}[{}]", inside, index++), member->members);
      if (!checked) return checked;
    }
  }
  return {};
}

std::string name_of(const json::value& element) {
  const json::object* object = element.if_object();
  const json::value* name = object == nullptr ? nullptr : object->if_contains("name");
  const json::string* text = name == nullptr ? nullptr : name->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

// The shorthand has strings only, and lets one element stand for a list: both as the AWS CLI reads them, by
// the member's type. What does not fit stays for check_members() to refuse.
void spell_out(json::object& object, std::span<const Member> members) {
  for (auto& [key, value] : object) {
    const auto member = std::ranges::find(members, std::string_view(key), &Member::name);
    if (member == members.end()) continue;
    const bool is_list = member->shape == Shape::texts || member->shape == Shape::structures;
    if (is_list && !value.is_array()) value = json::array{value};
    if (member->shape == Shape::integer && value.is_string()) {
      const std::string_view digits = value.get_string();
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
      if (error == std::errc() && end == digits.end()) value = number;
    }
    if (member->shape == Shape::structure && value.is_object())
      spell_out(value.get_object(), member->members);
    if (member->shape != Shape::structures) continue;
    for (json::value& element : value.get_array()) {
      if (element.is_object()) spell_out(element.get_object(), member->members);
    }
  }
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

Result<json::object> parse_overrides(std::string_view text) {
  const std::string_view written = trim(text);
  if (!written.starts_with('{') && !written.starts_with('[')) {
    Result<json::object> shorthand = parse_shorthand(written);
    if (!shorthand) return wrong(shorthand.error().what, std::string(kForm));
    spell_out(*shorthand, kTaskMembers);
    return check_overrides(std::move(*shorthand));
  }
  boost::system::error_code error;
  json::value value = json::parse(written, error);
  if (error) return wrong("not valid JSON: " + error.message(), std::string(kForm));
  return check_overrides(std::move(value));
}

Result<json::object> check_overrides(json::value value) {
  if (!value.is_object()) return wrong("not a JSON object");
  const Result<> checked = check_members(value.get_object(), {}, kTaskMembers);
  if (!checked) return fail(checked.error());
  const json::value* containers = value.get_object().if_contains("containerOverrides");
  if (containers != nullptr) {
    const Result<> named = check_names(containers->get_array());
    if (!named) return fail(named.error());
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
