#include "feature/exec_target.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

using aws::ecs::Container;

// DescribeTasks takes no more.
constexpr std::size_t kMaxDescribed = 100;

constexpr std::string_view kAgentName = "ExecuteCommandAgent";

bool is_running(const aws::ecs::Task& task) {
  return task.last_status == "RUNNING";
}

bool has_running_agent(const aws::ecs::Task& task) {
  return std::ranges::any_of(task.containers, [](const Container& container) {
    return std::ranges::any_of(container.managed_agents, [](const aws::ecs::ManagedAgent& agent) {
      return agent.name == kAgentName && agent.last_status == "RUNNING";
    });
  });
}

std::string names_of(const std::vector<Container>& containers) {
  std::vector<std::string> names;
  names.reserve(containers.size());
  for (const Container& container : containers) names.push_back(container.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

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

Failure not_running(const Target& target, const aws::ecs::Task& task) {
  Failure failure;
  failure.code = FailureCode::not_found;
  const std::string which =
      target.kind == Target::Kind::task ? std::string("it") : fmt::format("its task {}", task.id());
  failure.what = fmt::format("{} is not running: {} is {}", describe(target), which, task.last_status);
  const bool is_coming = task.desired_status == "RUNNING";
  failure.hint = is_coming ? "it is still starting: try again in a moment" : "it is stopping or has stopped";
  if (!task.stopped_reason.empty()) failure.hint += fmt::format(" ({})", task.stopped_reason);
  return failure;
}

// The tasks of a unique prefix, or nothing but candidates to list.
Result<> refuse_ambiguous(const Target& target, const std::vector<aws::ecs::Task>& tasks) {
  if (target.kind != Target::Kind::task || tasks.size() <= 1) return {};
  std::vector<std::string> ids;
  ids.reserve(tasks.size());
  for (const aws::ecs::Task& task : tasks) ids.push_back(task.id());
  return fail(FailureCode::ambiguous,
              fmt::format("task/{} fits {} tasks in cluster {}: {}", target.name, tasks.size(),
                          target.cluster, fmt::join(ids, ", ")),
              "write more of the id");
}

const aws::ecs::Task& best_of(const std::vector<aws::ecs::Task>& tasks) {
  return *std::ranges::max_element(tasks, {}, [](const aws::ecs::Task& task) {
    return std::tuple(is_running(task), task.enable_execute_command, has_running_agent(task),
                      task.started_at.value_or(0), std::string_view(task.arn));
  });
}

Result<std::string> choose_container(const aws::ecs::Task& task, const std::string& wanted) {
  if (wanted.empty() && task.containers.size() == 1) return task.containers.front().name;
  if (wanted.empty()) {
    return fail(FailureCode::usage,
                fmt::format("task {} has several containers: {}", task.id(), names_of(task.containers)),
                "name one with --container");
  }
  if (std::ranges::find(task.containers, wanted, &Container::name) == task.containers.end()) {
    return fail(FailureCode::not_found, fmt::format("task {} has no container '{}'", task.id(), wanted),
                fmt::format("it has: {}", names_of(task.containers)));
  }
  return wanted;
}

}  // namespace

net::Task<Result<std::vector<aws::ecs::Task>>> find_tasks(aws::Client& client, Target target) {
  const std::string& region = client.settings().region;
  if (!target.region.empty() && target.region != region) {
    co_return fail(
        FailureCode::usage,
        fmt::format("the target's ARN is of region {}, but the region is {}", target.region, region),
        fmt::format("use --region {}", target.region));
  }
  std::vector<std::string> wanted{target.name};
  if (target.kind != Target::Kind::task || !is_whole_task_id(target.name)) {
    boost::json::object filter;
    if (target.kind == Target::Kind::service) filter["serviceName"] = target.name;
    if (target.kind == Target::Kind::family) filter["family"] = target.name;
    filter["desiredStatus"] = "RUNNING";
    Result<std::vector<std::string>> listed = co_await aws::ecs::list_tasks(client, target.cluster, filter);
    if (!listed) co_return fail(listed.error().in("cannot find " + describe(target)));
    wanted = std::move(*listed);
    if (target.kind == Target::Kind::task) {
      std::erase_if(wanted, [&target](const std::string& arn) {
        return !std::string_view(arn).substr(arn.rfind('/') + 1).starts_with(target.name);
      });
    }
  }
  if (wanted.empty()) co_return fail(nothing_found(target));
  if (wanted.size() > kMaxDescribed) wanted.resize(kMaxDescribed);
  Result<aws::ecs::DescribedTasks> described =
      co_await aws::ecs::describe_tasks(client, target.cluster, std::move(wanted));
  if (!described) co_return fail(described.error().in("cannot find " + describe(target)));
  co_return std::move(described->tasks);
}

Result<ExecPlace> choose_place(const Target& target, const std::vector<aws::ecs::Task>& tasks,
                               const std::string& container) {
  if (tasks.empty()) return fail(nothing_found(target));
  const Result<> unique = refuse_ambiguous(target, tasks);
  if (!unique) return fail(unique.error());
  const aws::ecs::Task& task = best_of(tasks);
  if (!is_running(task)) return fail(not_running(target, task));
  if (!task.enable_execute_command) {
    return fail(FailureCode::refused,
                fmt::format("execute command is not enabled for task {} ({})", task.id(), describe(target)),
                "enable it (update-service --enable-execute-command --force-new-deployment, or run-task "
                "--enable-execute-command): running tasks cannot be changed");
  }
  Result<std::string> name = choose_container(task, container);
  if (!name) return fail(name.error());
  return ExecPlace{.cluster = target.cluster, .task = task.arn, .container = std::move(*name)};
}

}  // namespace ferry::feature
