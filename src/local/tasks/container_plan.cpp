#include "local/tasks/container_plan.hpp"

#include "local/api/arn.hpp"
#include "local/api/input.hpp"
#include "local/tasks/document.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

void take_environment(const json::object& holder, std::map<std::string, std::string>& environment) {
  for (const json::value& value : list_of(holder, "environment")) {
    const json::object* pair = value.if_object();
    if (pair != nullptr) environment[text_of(*pair, "name")] = text_of(*pair, "value");
  }
}

std::map<std::string, std::string> environment_of(const json::object& task, const json::object& definition,
                                                  const json::object& overrides) {
  const std::optional<Arn> arn = parse_arn(text_of(task, "taskArn"));
  const std::string region = arn ? arn->region : std::string();
  std::map<std::string, std::string> environment = {
      {"AWS_EXECUTION_ENV", text_of(task, "launchType") == "FARGATE" ? "AWS_ECS_FARGATE" : "AWS_ECS_EC2"},
      {"AWS_REGION", region},
      {"AWS_DEFAULT_REGION", region}};
  take_environment(definition, environment);
  take_environment(overrides, environment);
  return environment;
}

std::vector<std::string> command_of(const json::object& definition, const json::object& overrides) {
  std::vector<std::string> argv = texts_of(definition, "entryPoint");
  const std::vector<std::string> overriding = texts_of(overrides, "command");
  const std::vector<std::string> command = overriding.empty() ? texts_of(definition, "command") : overriding;
  argv.insert(argv.end(), command.begin(), command.end());
  return argv;
}

std::optional<LogTarget> log_of(const json::object& definition, const std::string& task_id,
                                const std::string& runtime_id) {
  const json::object& configuration = structure_of(definition, "logConfiguration");
  if (text_of(configuration, "logDriver") != "awslogs") return std::nullopt;
  const json::object& options = structure_of(configuration, "options");
  const std::string prefix = text_of(options, "awslogs-stream-prefix");
  LogTarget target;
  target.group = text_of(options, "awslogs-group");
  target.create_group = text_of(options, "awslogs-create-group") == "true";
  target.stream =
      prefix.empty() ? runtime_id : fmt::format("{}/{}/{}", prefix, text_of(definition, "name"), task_id);
  return target;
}

Result<std::vector<Dependency>> dependencies_of(const json::object& definition) {
  std::vector<Dependency> dependencies;
  for (const json::value& value : list_of(definition, "dependsOn")) {
    const json::object* entry = value.if_object();
    if (entry == nullptr) continue;
    const std::string condition = text_of(*entry, "condition");
    Dependency dependency;
    dependency.container = text_of(*entry, "containerName");
    if (condition == "COMPLETE") {
      dependency.condition = Dependency::Condition::complete;
    } else if (condition == "SUCCESS") {
      dependency.condition = Dependency::Condition::success;
    } else if (condition != "START" && condition != "HEALTHY") {
      return fail(FailureCode::refused,
                  fmt::format("Task failed to start: container {} depends on {} with the "
                              "unknown condition {}",
                              text_of(definition, "name"), dependency.container, condition));
    }
    dependencies.push_back(std::move(dependency));
  }
  return dependencies;
}

Result<ContainerPlan> plan_container(const json::object& task, const json::object& definition) {
  ContainerPlan plan;
  plan.name = text_of(definition, "name");
  if (!list_of(definition, "secrets").empty()) {
    return fail(
        FailureCode::refused,
        fmt::format("ResourceInitializationError: unable to pull secrets or registry auth: container {} "
                    "names secrets, and ferry local keeps none",
                    plan.name));
  }
  static const json::object nothing;
  const json::object* found =
      named(list_of(structure_of(task, "overrides"), "containerOverrides"), plan.name);
  const json::object& overrides = found == nullptr ? nothing : *found;
  const json::object* shown = named(list_of(task, "containers"), plan.name);
  plan.spec.runtime_id = shown == nullptr ? std::string() : text_of(*shown, "runtimeId");
  plan.spec.image = text_of(definition, "image");
  plan.spec.command = command_of(definition, overrides);
  plan.spec.environment = environment_of(task, definition, overrides);
  const std::string directory = text_of(definition, "workingDirectory");
  if (!directory.empty()) plan.spec.working_directory = directory;
  plan.spec.read_only_root = flag_of(definition, "readonlyRootFilesystem");
  plan.essential = !definition.contains("essential") || flag_of(definition, "essential");
  plan.stop_timeout = seconds(number_in(definition, "stopTimeout").value_or(30));
  plan.log = log_of(definition, std::string(short_name(text_of(task, "taskArn"))), plan.spec.runtime_id);
  auto dependencies = dependencies_of(definition);
  if (!dependencies) return fail(dependencies.error());
  plan.depends_on = std::move(*dependencies);
  return plan;
}

// A container that waits for itself, through others or for a container that is not there, would wait for
// ever.
Result<> check_order(const std::vector<ContainerPlan>& plans) {
  std::vector<std::string> startable;
  bool grew = true;
  while (grew) {
    grew = false;
    for (const ContainerPlan& plan : plans) {
      const auto is_startable = [&startable](const std::string& name) {
        return std::ranges::find(startable, name) != startable.end();
      };
      const auto is_met = [&is_startable](const Dependency& one) { return is_startable(one.container); };
      if (is_startable(plan.name) || !std::ranges::all_of(plan.depends_on, is_met)) continue;
      startable.push_back(plan.name);
      grew = true;
    }
  }
  if (startable.size() == plans.size()) return {};
  return fail(
      FailureCode::refused,
      "Task failed to start: dependsOn of its containers is circular or names no container of the task");
}

}  // namespace

Result<std::vector<ContainerPlan>> plan_containers(const json::object& task,
                                                   const json::object& task_definition) {
  std::vector<ContainerPlan> plans;
  for (const json::value& value : list_of(task_definition, "containerDefinitions")) {
    const json::object* definition = value.if_object();
    if (definition == nullptr) continue;
    auto plan = plan_container(task, *definition);
    if (!plan) return fail(plan.error());
    plans.push_back(std::move(*plan));
  }
  auto ordered = check_order(plans);
  if (!ordered) return fail(ordered.error());
  return plans;
}

}  // namespace ferry::local
