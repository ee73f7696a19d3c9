#include "feature/run/going_tasks.hpp"

#include "feature/run/ephemeral_revision.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::size_t kMostTasksPerCall = 100;

// "arn:...:task-definition/FAMILY:REVISION"
std::string_view family_in(std::string_view arn) {
  const std::string_view name = arn.substr(arn.rfind('/') + 1);
  return name.substr(0, name.rfind(':'));
}

bool is_of(const aws::ecs::Task& task, const RunPlan& plan) {
  const std::string_view family = family_in(task.task_definition_arn);
  const std::string ephemeral = std::string(kRevisionFamilyPrefix) + plan.described.family;
  const bool is_its_family = family == plan.described.family || family == ephemeral;
  const bool has_container =
      std::ranges::find(task.containers, plan.container, &aws::ecs::Container::name) != task.containers.end();
  return is_its_family && has_container && task.desired_status != "STOPPED";
}

}  // namespace

net::Task<Result<std::vector<aws::ecs::Task>>> find_going_tasks(aws::Client& client, const RunPlan& plan,
                                                                std::string started_by, std::size_t most) {
  // startedBy is the only filter that ListTasks takes with it; it means tasks that are to run.
  boost::json::object filter{{"startedBy", started_by}};
  Result<std::vector<std::string>> arns =
      co_await aws::ecs::list_tasks(client, plan.cluster, std::move(filter));
  if (!arns) co_return fail(arns.error());
  std::vector<aws::ecs::Task> going;
  for (std::size_t begin = 0; begin < arns->size(); begin += kMostTasksPerCall) {
    const std::size_t end = std::min(begin + kMostTasksPerCall, arns->size());
    std::vector<std::string> part(arns->begin() + static_cast<std::ptrdiff_t>(begin),
                                  arns->begin() + static_cast<std::ptrdiff_t>(end));
    Result<aws::ecs::DescribedTasks> described =
        co_await aws::ecs::describe_tasks(client, plan.cluster, std::move(part));
    if (!described) co_return fail(described.error());
    for (aws::ecs::Task& task : described->tasks) {
      if (is_of(task, plan)) going.push_back(std::move(task));
    }
  }
  std::ranges::sort(going, {}, [](const aws::ecs::Task& task) { return task.created_at.value_or(0); });
  if (going.size() <= most) co_return going;
  std::string list;
  for (const aws::ecs::Task& task : going) list += fmt::format("\n  {}", task.arn);
  co_return fail(FailureCode::ambiguous,
                 fmt::format("{} tasks started by '{}' are running, and {} {} asked for:{}", going.size(),
                             started_by, most, most == 1 ? "was" : "were", list),
                 "follow one with `ferry logs -f` and `ferry wait`, or use another --started-by");
}

}  // namespace ferry::feature
