#include "feature/task_lookup.hpp"

#include "base/near_names.hpp"
#include "feature/exec_target.hpp"
#include "feature/near_targets.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::size_t kMostDescribed = 100;  // DescribeTasks

std::string_view id_of(std::string_view arn) {
  return arn.substr(arn.rfind('/') + 1);
}

// ARNs, of one desired status or of both.
net::Task<Result<std::vector<std::string>>> list_arns(aws::Client& client, std::string cluster,
                                                      boost::json::object filter, bool with_stopped) {
  Result<std::vector<std::string>> arns = co_await aws::ecs::list_tasks(client, cluster, filter);
  if (!arns || !with_stopped) co_return arns;
  filter.erase("startedBy");  // which must be the only filter
  filter["desiredStatus"] = "STOPPED";
  Result<std::vector<std::string>> stopped =
      co_await aws::ecs::list_tasks(client, std::move(cluster), std::move(filter));
  if (!stopped) co_return stopped;
  // One that stopped between the two calls is in both answers.
  for (std::string& arn : *stopped) {
    if (std::ranges::find(*arns, arn) == arns->end()) arns->push_back(std::move(arn));
  }
  co_return arns;
}

}  // namespace

net::Task<Result<std::string>> find_task(aws::Client& client, Target target) {
  const std::string& region = client.settings().region;
  if (!target.region.empty() && target.region != region) {
    co_return fail(FailureCode::usage,
                   fmt::format("the task's ARN is of region {}, but the region is {}", target.region, region),
                   fmt::format("use --region {}", target.region));
  }
  if (is_whole_task_id(target.name)) co_return target.name;
  Result<std::vector<std::string>> arns = co_await list_arns(client, target.cluster, {}, true);
  if (!arns) {
    const Failure failure = co_await with_near_targets(client, target, arns.error().in(describe(target)));
    co_return fail(failure);
  }
  std::vector<std::string> beginnings;
  for (const std::string& arn : *arns) beginnings.emplace_back(id_of(arn).substr(0, target.name.size()));
  std::erase_if(*arns, [&target](const std::string& arn) { return !id_of(arn).starts_with(target.name); });
  if (arns->empty()) co_return fail(with_near_names(nothing_found(target), target.name, beginnings));
  if (arns->size() > 1) co_return fail(ambiguous_target(target, *arns));
  co_return arns->front();
}

net::Task<Result<aws::ecs::Task>> describe_task(aws::Client& client, std::string cluster, std::string task) {
  std::vector<std::string> tasks{task};
  Result<aws::ecs::DescribedTasks> answer =
      co_await aws::ecs::describe_tasks(client, cluster, std::move(tasks));
  Failure failure;
  if (!answer) {
    failure = answer.error().in(fmt::format("task {}", id_of(task)));
  } else if (!answer->tasks.empty()) {
    co_return std::move(answer->tasks.front());
  } else {
    failure.code = FailureCode::not_found;
    failure.what = fmt::format("there is no task {} in cluster {}", id_of(task), cluster);
    failure.hint = "stopped tasks are forgotten after about an hour; `ferry ps --all` lists what ECS knows";
  }
  Target target{
      .kind = Target::Kind::task, .name = std::string(id_of(task)), .cluster = cluster, .region = {}};
  failure = co_await with_near_targets(client, std::move(target), std::move(failure));
  co_return fail(std::move(failure));
}

net::Task<Result<bool>> is_service(aws::Client& client, std::string cluster, std::string word) {
  const Result<aws::ecs::ServiceState> service =
      co_await aws::ecs::describe_service(client, std::move(cluster), std::move(word));
  if (service) co_return service->status != "INACTIVE";
  const Failure& failure = service.error();
  if (failure.code == FailureCode::not_found || failure.service_code == "ServiceNotFoundException")
    co_return false;
  co_return fail(failure);
}

net::Task<Result<std::vector<aws::ecs::Task>>> find_tasks(aws::Client& client, TaskFilter filter) {
  boost::json::object wanted;
  if (!filter.service.empty()) wanted["serviceName"] = filter.service;
  if (!filter.family.empty()) wanted["family"] = filter.family;
  if (!filter.started_by.empty()) wanted["startedBy"] = filter.started_by;
  Result<std::vector<std::string>> arns =
      co_await list_arns(client, filter.cluster, std::move(wanted), filter.with_stopped);
  if (!arns) {
    Target place{
        .kind = Target::Kind::service, .name = filter.service, .cluster = filter.cluster, .region = {}};
    const Failure failure = co_await with_near_targets(
        client, std::move(place), arns.error().in(fmt::format("cluster {}", filter.cluster)));
    co_return fail(failure);
  }
  std::vector<aws::ecs::Task> tasks;
  for (std::size_t at = 0; at < arns->size(); at += kMostDescribed) {
    const auto begin = arns->begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = arns->begin() + static_cast<std::ptrdiff_t>(std::min(arns->size(), at + kMostDescribed));
    Result<aws::ecs::DescribedTasks> page =
        co_await aws::ecs::describe_tasks(client, filter.cluster, std::vector<std::string>(begin, end));
    if (!page) co_return fail(page.error());
    std::ranges::move(page->tasks, std::back_inserter(tasks));
  }
  if (!filter.started_by.empty()) {
    std::erase_if(tasks,
                  [&filter](const aws::ecs::Task& task) { return task.started_by != filter.started_by; });
  }
  std::ranges::sort(tasks, {}, [](const aws::ecs::Task& task) {
    return std::tuple(has_stopped(task), -task.created_at.value_or(0), std::string_view(task.arn));
  });
  co_return tasks;
}

}  // namespace ferry::feature
