#include "feature/run/ephemeral_revision.hpp"

#include "aws/answer_reader.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

// "Container Overrides length must be at most 8192"; "Task definition size: 64 KB" and the length of a family
// in the Amazon ECS service quotas.
constexpr std::size_t kLongestOverrides = 8192;
constexpr std::size_t kLongestDefinition = std::size_t{64} * 1024;
constexpr std::size_t kLongestFamily = 255;
constexpr std::string_view kMarkLabel = "ferry.revision";

// What DescribeTaskDefinition tells of a revision and RegisterTaskDefinition does not take. Whatever else
// there is stays, so that members which come to the API later are not lost.
constexpr std::array<std::string_view, 9> kNotRegistered{
    "taskDefinitionArn", "revision",     "status",         "requiresAttributes", "compatibilities",
    "registeredAt",      "registeredBy", "deregisteredAt", "deleteRequestedAt"};

tl::unexpected<Failure> wrong(std::string what, std::string hint = {}) {
  return fail(FailureCode::usage, std::move(what), std::move(hint));
}

// The list of that name, made where there is none.
json::array& list_in(json::object& object, std::string_view name) {
  json::value& list = object[name];
  if (!list.is_array()) list = json::array();
  return list.get_array();
}

// Puts `element` in the place of the one whose `key` says the same, else at the end.
void set_by(json::array& list, std::string_view key, json::object element) {
  const std::string wanted = aws::text_in(element, key);
  for (json::value& present : list) {
    const json::object* object = present.if_object();
    if (object == nullptr || aws::text_in(*object, key) != wanted) continue;
    present = std::move(element);
    return;
  }
  list.push_back(std::move(element));
}

void remove_named(json::object& container, std::string_view list, const std::string& name) {
  const json::value* found = container.if_contains(list);
  if (found == nullptr || !found->is_array()) return;
  json::array kept;
  for (const json::value& element : found->get_array()) {
    const json::object* object = element.if_object();
    if (object == nullptr || aws::text_in(*object, "name") != name) kept.push_back(element);
  }
  container[list] = std::move(kept);
}

json::object* container_named(json::object& definition, const std::string& name) {
  for (json::value& element : list_in(definition, "containerDefinitions")) {
    json::object* container = element.if_object();
    if (container != nullptr && aws::text_in(*container, "name") == name) return container;
  }
  return nullptr;
}

tl::unexpected<Failure> no_container(const json::object& definition, const std::string& name) {
  return fail(FailureCode::not_found,
              fmt::format("{} has no container '{}'", aws::text_in(definition, "family"), name));
}

// What ContainerOverride says, as the container's own definition. RunTask merges variables by name and
// required resources by type; every other member replaces the definition's.
void take_over(json::object& container, const json::object& override) {
  for (const auto& [key, value] : override) {
    const std::string_view name = key;
    if (name == "name") continue;
    const bool is_environment = name == "environment";
    if ((!is_environment && name != "resourceRequirements") || !value.is_array()) {
      container[name] = value;
      continue;
    }
    for (const json::value& element : value.get_array()) {
      const json::object* object = element.if_object();
      if (object == nullptr) continue;
      if (is_environment) remove_named(container, "secrets", aws::text_in(*object, "name"));
      set_by(list_in(container, name), is_environment ? "name" : "type", *object);
    }
  }
}

Result<> move_containers(json::object& definition, json::object& overrides) {
  for (const json::object* override : aws::objects_in(overrides, "containerOverrides")) {
    const std::string name = aws::text_in(*override, "name");
    json::object* container = container_named(definition, name);
    if (container == nullptr) return no_container(definition, name);
    take_over(*container, *override);
  }
  overrides.erase("containerOverrides");
  return {};
}

Result<> add_secrets(json::object& container, const RevisionChange& change, const json::object& overrides) {
  for (const auto& [name, arn] : change.secrets) {
    for (const json::object* override : aws::objects_in(overrides, "containerOverrides")) {
      if (aws::text_in(*override, "name") != aws::text_in(container, "name")) continue;
      const auto variables = aws::objects_in(*override, "environment");
      const auto is_same = [&name](const json::object* one) { return aws::text_in(*one, "name") == name; };
      if (std::ranges::any_of(variables, is_same))
        return wrong(fmt::format("variable {} has both a value and a secret", name),
                     "leave out one of --env and --secret");
    }
    remove_named(container, "environment", name);
    set_by(list_in(container, "secrets"), "name", json::object{{"name", name}, {"valueFrom", arn}});
  }
  return {};
}

// Blocking delivery: a driver that drops lines when it falls behind would make the log less than the output.
json::object log_configuration(const std::string& group, const std::string& region) {
  return {{"logDriver", "awslogs"},
          {"options",
           {{"awslogs-group", group},
            {"awslogs-region", region},
            {"awslogs-stream-prefix", "ferry"},
            {"mode", "blocking"}}}};
}

void set_logs(json::object& definition, const std::string& container, const RevisionChange& change,
              const std::string& region) {
  if (change.log_group.empty()) return;
  for (json::value& element : list_in(definition, "containerDefinitions")) {
    json::object* one = element.if_object();
    if (one == nullptr) continue;
    if (change.logs_of_all_containers || aws::text_in(*one, "name") == container)
      (*one)["logConfiguration"] = log_configuration(change.log_group, region);
  }
}

// "the image and secrets"
std::string said_by(const RevisionChange& change) {
  std::vector<std::string> said;
  if (!change.image.empty()) said.emplace_back("the image");
  if (!change.entry_point.empty()) said.emplace_back("the entry point");
  if (!change.secrets.empty()) said.emplace_back("secrets");
  if (!change.log_group.empty()) said.emplace_back("the log driver");
  if (said.size() < 2) return said.empty() ? std::string() : said.front();
  const std::string last = said.back();
  said.pop_back();
  return fmt::format("{} and {}", join(said, ", "), last);
}

tl::unexpected<Failure> not_allowed(const RevisionChange& change, const std::string& family,
                                    std::size_t length) {
  const std::string flag = fmt::format(
      "add --ephemeral-revision, which registers a revision in family {} and deregisters it afterwards",
      family);
  if (!change.empty()) return wrong(fmt::format("RunTask cannot override {}", said_by(change)), flag);
  return wrong(fmt::format("the overrides are {} characters long, and RunTask takes at most {}", length,
                           kLongestOverrides),
               flag + "; or put long values into a file or parameter that the command reads itself");
}

}  // namespace

bool needs_revision(const RevisionChange& change, const json::object& overrides) {
  return !change.empty() || json::serialize(overrides).size() > kLongestOverrides;
}

Result<RevisedRun> revision_from(const json::object& definition, const std::string& container,
                                 const RevisionChange& change, json::object overrides,
                                 const std::string& region) {
  const std::size_t length = json::serialize(overrides).size();
  std::string family = std::string(kRevisionFamilyPrefix) + aws::text_in(definition, "family");
  family.resize(std::min(family.size(), kLongestFamily));
  if (!change.allowed) return not_allowed(change, family, length);

  RevisedRun run{.definition = definition, .overrides = std::move(overrides)};
  for (const std::string_view member : kNotRegistered) run.definition.erase(member);
  run.definition["family"] = family;
  json::object* chosen = container_named(run.definition, container);
  if (chosen == nullptr) return no_container(definition, container);
  if (!change.image.empty()) (*chosen)["image"] = change.image;
  if (!change.entry_point.empty())
    (*chosen)["entryPoint"] = json::array(change.entry_point.begin(), change.entry_point.end());
  if (const Result<> added = add_secrets(*chosen, change, run.overrides); !added) return fail(added.error());
  set_logs(run.definition, container, change, region);
  // Fargate registers no log driver and no secret without an execution role.
  const std::string role = aws::text_in(run.overrides, "executionRoleArn");
  if (!role.empty()) run.definition["executionRoleArn"] = role;
  if (length > kLongestOverrides) {
    const Result<> moved = move_containers(run.definition, run.overrides);
    if (!moved) return fail(moved.error());
  }
  const std::size_t size = json::serialize(run.definition).size();
  if (size > kLongestDefinition)
    return wrong(fmt::format("the ephemeral revision would be {} bytes long, and ECS takes at most {}", size,
                             kLongestDefinition),
                 "put long values into a file or parameter that the command reads itself");
  return run;
}

json::object marked(json::object definition, const std::string& mark) {
  json::array& containers = list_in(definition, "containerDefinitions");
  if (containers.empty() || !containers.front().is_object()) return definition;
  json::value& labels = containers.front().get_object()["dockerLabels"];
  if (!labels.is_object()) labels = json::object();
  labels.get_object()[kMarkLabel] = mark;
  return definition;
}

std::string mark_of(const json::object& definition) {
  const std::vector<const json::object*> containers = aws::objects_in(definition, "containerDefinitions");
  const json::object* labels =
      containers.empty() ? nullptr : aws::object_in(*containers.front(), "dockerLabels");
  return labels == nullptr ? std::string() : aws::text_in(*labels, kMarkLabel);
}

}  // namespace ferry::feature
