#include "feature/run/run_task_model.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr bool kRequired = true;

// TaskOverride and ContainerOverride in the ECS API reference. The task's sizes are strings there, a
// container's are integers.
constexpr std::array kPairMembers{Member{"name", Shape::text}, Member{"value", Shape::text}};
constexpr std::array kFileMembers{Member{"value", Shape::text, {}, kRequired},
                                  Member{"type", Shape::text, {}, kRequired}};
constexpr std::array kResourceMembers{Member{"value", Shape::text},
                                      Member{"type", Shape::text, {}, kRequired}};
constexpr std::array kContainerMembers{Member{"name", Shape::text},
                                       Member{"command", Shape::texts},
                                       Member{"environment", Shape::structures, kPairMembers},
                                       Member{"environmentFiles", Shape::structures, kFileMembers},
                                       Member{"cpu", Shape::integer},
                                       Member{"memory", Shape::integer},
                                       Member{"memoryReservation", Shape::integer},
                                       Member{"resourceRequirements", Shape::structures, kResourceMembers}};
constexpr std::array kStorageMembers{Member{"sizeInGiB", Shape::integer, {}, kRequired}};
constexpr std::array kAcceleratorMembers{Member{"deviceName", Shape::text},
                                         Member{"deviceType", Shape::text}};
constexpr std::array kTaskMembers{
    Member{"containerOverrides", Shape::structures, kContainerMembers},
    Member{"cpu", Shape::text},
    Member{"memory", Shape::text},
    Member{"executionRoleArn", Shape::text},
    Member{"taskRoleArn", Shape::text},
    Member{"ephemeralStorage", Shape::structure, kStorageMembers},
    Member{"inferenceAcceleratorOverrides", Shape::structures, kAcceleratorMembers}};

// TaskManagedEBSVolumeConfiguration.
constexpr std::array kTagMembers{Member{"key", Shape::text}, Member{"value", Shape::text}};
constexpr std::array kVolumeTagMembers{Member{"resourceType", Shape::text, {}, kRequired},
                                       Member{"tags", Shape::structures, kTagMembers},
                                       Member{"propagateTags", Shape::text}};
constexpr std::array kTerminationMembers{Member{"deleteOnTermination", Shape::boolean, {}, kRequired}};
constexpr std::array kEbsMembers{Member{"encrypted", Shape::boolean},
                                 Member{"kmsKeyId", Shape::text},
                                 Member{"volumeType", Shape::text},
                                 Member{"sizeInGiB", Shape::integer},
                                 Member{"snapshotId", Shape::text},
                                 Member{"volumeInitializationRate", Shape::integer},
                                 Member{"iops", Shape::integer},
                                 Member{"throughput", Shape::integer},
                                 Member{"tagSpecifications", Shape::structures, kVolumeTagMembers},
                                 Member{"roleArn", Shape::text, {}, kRequired},
                                 Member{"terminationPolicy", Shape::structure, kTerminationMembers},
                                 Member{"filesystemType", Shape::text}};
constexpr std::array kVolumeMembers{Member{"name", Shape::text, {}, kRequired},
                                    Member{"managedEBSVolume", Shape::structure, kEbsMembers}};

constexpr std::array kVpcMembers{Member{"subnets", Shape::texts, {}, kRequired},
                                 Member{"securityGroups", Shape::texts},
                                 Member{"assignPublicIp", Shape::text}};
constexpr std::array kNetworkMembers{Member{"awsvpcConfiguration", Shape::structure, kVpcMembers}};
constexpr std::array kStrategyMembers{Member{"capacityProvider", Shape::text, {}, kRequired},
                                      Member{"weight", Shape::integer}, Member{"base", Shape::integer}};
constexpr std::array kConstraintMembers{Member{"type", Shape::text}, Member{"expression", Shape::text}};
constexpr std::array kPlacementMembers{Member{"type", Shape::text}, Member{"field", Shape::text}};

// RunTaskRequest. `taskDefinition` is required there, but may come from elsewhere.
constexpr std::array kRunTaskMembers{Member{"capacityProviderStrategy", Shape::structures, kStrategyMembers},
                                     Member{"clientToken", Shape::text},
                                     Member{"cluster", Shape::text},
                                     Member{"count", Shape::integer},
                                     Member{"enableECSManagedTags", Shape::boolean},
                                     Member{"enableExecuteCommand", Shape::boolean},
                                     Member{"group", Shape::text},
                                     Member{"launchType", Shape::text},
                                     Member{"networkConfiguration", Shape::structure, kNetworkMembers},
                                     Member{"overrides", Shape::structure, kTaskMembers},
                                     Member{"placementConstraints", Shape::structures, kConstraintMembers},
                                     Member{"placementStrategy", Shape::structures, kPlacementMembers},
                                     Member{"platformVersion", Shape::text},
                                     Member{"propagateTags", Shape::text},
                                     Member{"referenceId", Shape::text},
                                     Member{"startedBy", Shape::text},
                                     Member{"tags", Shape::structures, kTagMembers},
                                     Member{"taskDefinition", Shape::text},
                                     Member{"volumeConfigurations", Shape::structures, kVolumeMembers}};

tl::unexpected<Failure> wrong(std::string what, std::string hint) {
  return fail(FailureCode::usage, std::move(what), std::move(hint));
}

bool has_shape(const json::value& value, Shape shape) {
  const auto all = [&value](auto matches) {
    return value.is_array() && std::ranges::all_of(value.get_array(), matches);
  };
  switch (shape) {
    case Shape::text:
      return value.is_string();
    case Shape::integer:
      return value.is_int64();
    case Shape::boolean:
      return value.is_bool();
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
    case Shape::boolean:
      return say("true or false", "true");
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

std::string inside(const std::string& place, std::string_view name) {
  return place.empty() ? std::string(name) : fmt::format("{}.{}", place, name);
}

// As the AWS CLI's language reads a number: blanks around it and a plus sign are allowed.
void spell_out_integer(json::value& value) {
  std::string_view digits = trim(value.get_string());
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error == std::errc() && end == digits.end()) value = number;
}

void spell_out_boolean(json::value& value) {
  std::string text(value.get_string());
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (text == "true") value = true;
  if (text == "false") value = false;
}

void spell_out_members(json::object& object, std::span<const Member> members) {
  for (const Member& member : members) {
    json::value* value = object.if_contains(member.name);
    if (value != nullptr) spell_out(*value, member);
  }
}

}  // namespace

std::span<const Member> run_task_members() {
  return kRunTaskMembers;
}

const Member& run_task_member(std::string_view name) {
  const auto* const found = std::ranges::find(kRunTaskMembers, name, &Member::name);
  assert(found != kRunTaskMembers.end());
  return *found;
}

// Recursion ends with the tables' depth.
Result<> check_members(const json::object& object, const std::string& place,
                       std::span<const Member> members) {
  for (const auto& [key, value] : object) {
    const std::string_view name = key;
    const auto member = std::ranges::find(members, name, &Member::name);
    if (member == members.end()) return unknown_member(place, name, members);
    const Result<> checked = check_value(value, inside(place, name), *member);
    if (!checked) return checked;
  }
  for (const Member& member : members) {
    if (member.required && !object.contains(member.name))
      return wrong(fmt::format("{} is missing", inside(place, member.name)),
                   fmt::format(R"(write "{}": ...)", member.name));
  }
  return {};
}

Result<> check_value(const json::value& value, const std::string& place, const Member& member) {
  if (!has_shape(value, member.shape)) return wrong_shape(place, member);
  if (member.shape == Shape::structure) return check_members(value.get_object(), place, member.members);
  if (member.shape != Shape::structures) return {};
  std::size_t index = 0;
  for (const json::value& element : value.get_array()) {
    const Result<> checked =
        check_members(element.get_object(), fmt::format("{}[{}]", place, index++), member.members);
    if (!checked) return checked;
  }
  return {};
}

void spell_out(json::value& value, const Member& member) {
  const bool is_list = member.shape == Shape::texts || member.shape == Shape::structures;
  if (is_list && !value.is_array()) {
    value = json::array{value};
    return;  // an element that stands for a list stays as it is, as in the AWS CLI
  }
  if (member.shape == Shape::integer && value.is_string()) spell_out_integer(value);
  if (member.shape == Shape::boolean && value.is_string()) spell_out_boolean(value);
  if (member.shape == Shape::structure && value.is_object())
    spell_out_members(value.get_object(), member.members);
  if (member.shape != Shape::structures) return;
  for (json::value& element : value.get_array()) {
    if (element.is_object()) spell_out_members(element.get_object(), member.members);
  }
}

}  // namespace ferry::feature
