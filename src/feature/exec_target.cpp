#include "feature/exec_target.hpp"

#include "base/text.hpp"
#include "feature/container_choice.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

using aws::ecs::Container;

constexpr std::string_view kAgentName = "ExecuteCommandAgent";

bool is_running(const aws::ecs::Task& task) {
  return task.last_status == "RUNNING";
}

// The container's exec agent; null where none is known.
const aws::ecs::ManagedAgent* agent_of(const Container& container) {
  const auto found = std::ranges::find(container.managed_agents, kAgentName, &aws::ecs::ManagedAgent::name);
  return found == container.managed_agents.end() ? nullptr : &*found;
}

bool has_running_agent(const aws::ecs::Task& task) {
  return std::ranges::any_of(task.containers, [](const Container& container) {
    const aws::ecs::ManagedAgent* agent = agent_of(container);
    return agent != nullptr && agent->last_status == "RUNNING";
  });
}

Readiness never(Failure failure) {
  Readiness readiness;
  readiness.failure = std::move(failure);
  return readiness;
}

Readiness not_yet(std::string what) {
  Readiness readiness;
  readiness.kind = Readiness::Kind::not_yet;
  readiness.failure.code = FailureCode::timed_out;
  readiness.failure.what = std::move(what);
  return readiness;
}

Readiness judge_task_state(const Target& target, const aws::ecs::Task& task) {
  const std::string which = target.kind == Target::Kind::task
                                ? fmt::format("task {}", task.id())
                                : fmt::format("task {} ({})", task.id(), describe(target));
  if (task.desired_status == "RUNNING") return not_yet(fmt::format("{} is {}", which, task.last_status));
  Failure failure;
  failure.code = FailureCode::not_found;
  failure.what = fmt::format("{} is not running: it is {}", which, task.last_status);
  failure.hint = "it is stopping or has stopped";
  if (!task.stopped_reason.empty()) failure.hint += fmt::format(" ({})", task.stopped_reason);
  return never(std::move(failure));
}

Readiness judge_agent(const Target& target, const aws::ecs::Task& task, const std::string& name) {
  const auto container = std::ranges::find(task.containers, name, &Container::name);
  const aws::ecs::ManagedAgent* agent = agent_of(*container);
  const std::string status = agent == nullptr ? "not there" : agent->last_status;
  if (status == "STOPPED") {
    Failure failure;
    failure.code = FailureCode::refused;
    failure.what = fmt::format("the exec agent in container {} of task {} has stopped{}", name, task.id(),
                               agent->reason.empty() ? "" : ": " + agent->reason);
    failure.hint = fmt::format("`{}` looks for the cause", doctor_line(target));
    return never(std::move(failure));
  }
  if (status != "RUNNING") {
    return not_yet(
        fmt::format("the exec agent in container {} of task {} is {}", name, task.id(), to_lower(status)));
  }
  Readiness readiness;
  readiness.kind = Readiness::Kind::ready;
  readiness.place = {.cluster = target.cluster, .task = task.arn, .container = name};
  return readiness;
}

const aws::ecs::Task& best_of(const std::vector<aws::ecs::Task>& tasks) {
  return *std::ranges::max_element(tasks, {}, [](const aws::ecs::Task& task) {
    return std::tuple(is_running(task), task.enable_execute_command, has_running_agent(task),
                      task.started_at.value_or(0), std::string_view(task.arn));
  });
}

// A definition without containers is one that could not be read.
const aws::ecs::TaskDefinition* readable(const aws::ecs::TaskDefinition* definition) {
  return definition == nullptr || definition->containers.empty() ? nullptr : definition;
}

}  // namespace

Failure nothing_found(const Target& target) {
  Failure failure;
  failure.code = FailureCode::not_found;
  failure.what = fmt::format("{} has no running task", describe(target));
  failure.hint = "check the name, the cluster (--cluster, FERRY_CLUSTER) and the region, or start one";
  if (target.kind == Target::Kind::task) {
    failure.what = fmt::format("there is no {}", describe(target));
    failure.hint = "check the id, the cluster (--cluster, FERRY_CLUSTER) and the region";
  }
  return failure;
}

Failure ambiguous_target(const Target& target, const std::vector<std::string>& task_names) {
  std::vector<std::string_view> ids;
  ids.reserve(task_names.size());
  for (const std::string& name : task_names)
    ids.push_back(std::string_view(name).substr(name.rfind('/') + 1));
  Failure failure;
  failure.code = FailureCode::ambiguous;
  failure.what = fmt::format("task/{} fits {} tasks in cluster {}: {}", target.name, task_names.size(),
                             target.cluster, fmt::join(ids, ", "));
  failure.hint = "write more of the id";
  return failure;
}

std::string doctor_line(const Target& target) {
  const bool is_cluster_an_arn = target.cluster.starts_with("arn:");
  switch (target.kind) {
    case Target::Kind::service:
      if (is_cluster_an_arn) return fmt::format("ferry doctor --cluster {} {}", target.cluster, target.name);
      return fmt::format("ferry doctor {}/{}", target.cluster, target.name);
    case Target::Kind::family:
      return fmt::format("ferry doctor --cluster {} family/{}", target.cluster, target.name);
    case Target::Kind::task:
      break;
  }
  return fmt::format("ferry doctor --cluster {} task/{}", target.cluster, target.name);
}

net::Task<Result<std::vector<std::string>>> find_task_names(aws::Client& client, Target target) {
  const std::string& region = client.settings().region;
  if (!target.region.empty() && target.region != region) {
    co_return fail(
        FailureCode::usage,
        fmt::format("the target's ARN is of region {}, but the region is {}", target.region, region),
        fmt::format("use --region {}", target.region));
  }
  if (target.kind == Target::Kind::task && is_whole_task_id(target.name)) {
    co_return std::vector<std::string>{target.name};
  }
  boost::json::object filter;
  if (target.kind == Target::Kind::service) filter["serviceName"] = target.name;
  if (target.kind == Target::Kind::family) filter["family"] = target.name;
  filter["desiredStatus"] = "RUNNING";
  Result<std::vector<std::string>> listed = co_await aws::ecs::list_tasks(client, target.cluster, filter);
  if (!listed) co_return fail(listed.error().in("cannot find " + describe(target)));
  if (target.kind == Target::Kind::task) {
    std::erase_if(*listed, [&target](const std::string& arn) {
      return !std::string_view(arn).substr(arn.rfind('/') + 1).starts_with(target.name);
    });
  }
  co_return listed;
}

Readiness judge_readiness(const Target& target, const std::vector<aws::ecs::Task>& tasks,
                          const std::string& container, const aws::ecs::TaskDefinition* definition) {
  if (tasks.empty()) return never(nothing_found(target));
  if (target.kind == Target::Kind::task && tasks.size() > 1) {
    std::vector<std::string> names;
    names.reserve(tasks.size());
    for (const aws::ecs::Task& task : tasks) names.push_back(task.arn);
    return never(ambiguous_target(target, names));
  }
  const aws::ecs::Task& task = best_of(tasks);
  if (!task.enable_execute_command && task.desired_status == "RUNNING") {
    Failure failure;
    failure.code = FailureCode::refused;
    failure.what =
        fmt::format("execute command is not enabled for task {} ({})", task.id(), describe(target));
    failure.hint = target.kind == Target::Kind::service
                       ? fmt::format(
                             "`ferry enable-exec {}/{}` enables it; tasks that run already must be "
                             "replaced",
                             target.cluster, target.name)
                       : "start it with --enable-execute-command: a running task cannot be changed";
    return never(std::move(failure));
  }
  if (task.containers.empty()) {
    if (!is_running(task)) return judge_task_state(target, task);
    return not_yet(fmt::format("task {} has no containers yet", task.id()));
  }
  const std::vector<ContainerCandidate> candidates = container_candidates(task, readable(definition));
  if (definition == nullptr && is_definition_needed(candidates, container)) {
    Readiness readiness;
    readiness.kind = Readiness::Kind::needs_definition;
    readiness.task_definition = task.task_definition_arn;
    return readiness;
  }
  const Result<ContainerChoice> choice =
      choose_container(candidates, container, fmt::format("task {}", task.id()));
  if (!choice) return never(choice.error());
  if (!is_running(task)) return judge_task_state(target, task);
  Readiness readiness = judge_agent(target, task, choice->name);
  readiness.choice = choice->notice;
  return readiness;
}

Readiness judge_empty_service(const Target& target, const aws::ecs::ServiceState& service) {
  Failure failure;
  failure.code = FailureCode::not_found;
  if (service.status != "ACTIVE") {
    failure.what = fmt::format("{} is {}", describe(target), service.status);
    failure.hint = "check the name, the cluster (--cluster, FERRY_CLUSTER) and the region";
    return never(std::move(failure));
  }
  if (service.desired_count == 0) {
    failure.what = fmt::format("{} has a desired count of 0: no task of it will run", describe(target));
    failure.hint = fmt::format(
        R"(raise it: ferry api ecs UpdateService '{{"cluster":"{}","service":"{}","desiredCount":1}}')",
        target.cluster, target.name);
    return never(std::move(failure));
  }
  return not_yet(fmt::format("{} has no running task ({} desired, {} pending)", describe(target),
                             service.desired_count, service.pending_count));
}

}  // namespace ferry::feature
