#include "local/api/task_operations.hpp"

#include "local/api/arn.hpp"
#include "local/api/cluster_operations.hpp"
#include "local/api/input.hpp"
#include "local/api/shape.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/task_document.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

using Hides = std::function<bool(milliseconds age)>;

constexpr std::size_t kMostDescribed = 100;
constexpr std::size_t kMostListed = 100;
constexpr std::size_t kTaskIdLength = 32;
constexpr std::size_t kLongTaskIdLength = 36;  // of tasks before the long ARN format: a UUID

tl::expected<std::string, ServiceError> full_task_arn(std::string_view region, std::string_view cluster,
                                                      std::string_view reference) {
  if (!may_be_ours(reference, "ecs", region, "task")) return std::string(reference);
  const std::string_view id = short_name(reference);
  if (id.size() != kTaskIdLength && id.size() != kLongTaskIdLength) {
    return invalid_parameter(
        fmt::format("taskId length should be one of [{},{}]", kTaskIdLength, kLongTaskIdLength));
  }
  const std::string named_cluster = cluster_name_in(reference);
  if (!named_cluster.empty() && named_cluster != cluster) {
    return invalid_parameter(
        fmt::format("Invalid identifier: Identifier is for {}. Your cluster is {}", named_cluster, cluster));
  }
  return task_arn(region, cluster, id);
}

bool asks_for(const json::object& input, std::string_view field) {
  const std::vector<std::string> fields = texts_of(input, "include");
  return std::ranges::find(fields, field) != fields.end();
}

milliseconds age_of(const json::object& task) {
  const double seconds = epoch_seconds(net::wall_now()) - seconds_in(task, "createdAt");
  return std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(seconds));
}

Answer describe_tasks(const Documents& documents, std::string_view region, const Hides& hides,
                      const json::object& input) {
  const std::vector<std::string> references = texts_of(input, "tasks");
  if (references.empty()) return invalid_parameter("Tasks cannot be empty.");
  if (references.size() > kMostDescribed) {
    return invalid_parameter(fmt::format("Tasks cannot have more than {} elements.", kMostDescribed));
  }
  auto cluster = find_cluster(documents, text_of(input, "cluster"));
  if (!cluster) return cluster;
  const std::string cluster_name = text_of(*cluster, "clusterName");
  json::array tasks;
  json::array failures;
  for (const std::string& reference : references) {
    auto arn = full_task_arn(region, cluster_name, reference);
    if (!arn) return tl::unexpected(arn.error());
    auto task = documents.get(kTaskKind, *arn);
    if (!task || hides(age_of(*task))) {
      failures.push_back(json::object{{"arn", *arn}, {"reason", "MISSING"}});
      continue;
    }
    if (!asks_for(input, "TAGS")) (*task)["tags"] = json::array();
    tasks.emplace_back(std::move(*task));
  }
  return json::object{{"tasks", std::move(tasks)}, {"failures", std::move(failures)}};
}

// Which tasks ListTasks is asked for; an empty text is no condition.
struct Filter {
  std::string desired_status, started_by, family, group, launch_type, container_instance;
};

std::vector<Documents::Condition> conditions_of(const Filter& filter, std::string_view region) {
  std::vector<Documents::Condition> conditions{{.member = "desiredStatus", .value = filter.desired_status}};
  const auto demand = [&conditions](std::string_view member, const std::string& value) {
    if (!value.empty()) conditions.push_back({.member = member, .value = value});
  };
  demand("startedBy", filter.started_by);
  demand("group", filter.group);
  demand("launchType", filter.launch_type);
  demand("containerInstanceArn", filter.container_instance);
  if (!filter.family.empty()) {
    conditions.push_back({.member = "taskDefinitionArn",
                          .value = make_arn("ecs", region, fmt::format("task-definition/{}:", filter.family)),
                          .is_beginning = true});
  }
  return conditions;
}

tl::expected<Filter, ServiceError> filter_of(const Documents& documents, std::string_view region,
                                             std::string_view cluster, const json::object& input) {
  Filter filter;
  filter.desired_status = find_text(input, "desiredStatus").value_or("RUNNING");
  filter.started_by = text_of(input, "startedBy");
  filter.family = text_of(input, "family");
  filter.launch_type = text_of(input, "launchType");
  filter.container_instance = text_of(input, "containerInstance");
  const std::string service = text_of(input, "serviceName");
  const bool has_other = !filter.family.empty() || !service.empty() || !filter.launch_type.empty() ||
                         !filter.container_instance.empty() || input.contains("desiredStatus");
  if (!filter.started_by.empty() && has_other) return invalid_parameter("startedBy must be the only filter.");
  if (!filter.family.empty() && !service.empty()) {
    return invalid_parameter("family and serviceName cannot be used together.");
  }
  const std::string& status = filter.desired_status;
  if (status != "RUNNING" && status != "STOPPED" && status != "PENDING") {
    return invalid_parameter(
        fmt::format("desiredStatus {} is not one of RUNNING, PENDING, STOPPED.", status));
  }
  if (service.empty()) return filter;
  if (!may_be_ours(service, "ecs", region, "service") ||
      !documents.get(kServiceKind, service_arn(region, cluster, short_name(service)))) {
    return refuse("ServiceNotFoundException", "Service not found.");
  }
  filter.group = fmt::format("service:{}", short_name(service));
  return filter;
}

Answer list_tasks(const Documents& documents, std::string_view region, const json::object& input) {
  auto cluster = find_cluster(documents, text_of(input, "cluster"));
  if (!cluster) return cluster;
  const std::string cluster_name = text_of(*cluster, "clusterName");
  auto filter = filter_of(documents, region, cluster_name, input);
  if (!filter) return tl::unexpected(filter.error());
  // One more than a page has, so that it knows whether there is another.
  const std::string after = from_token(text_of(input, "nextToken")).value_or(std::string());
  std::vector<std::string> arns = documents.keys(kTaskKind, task_arn(region, cluster_name, ""),
                                                 conditions_of(*filter, region), after, kMostListed + 1);
  auto page = page_of(std::move(arns), input, kMostListed);
  if (!page) return tl::unexpected(page.error());
  json::object answer = {{"taskArns", json::array(page->items.begin(), page->items.end())}};
  if (page->next_token) answer["nextToken"] = *page->next_token;
  return answer;
}

Answer stop_task(const Documents& documents, TaskEngine& engine, std::string_view region,
                 const json::object& input) {
  auto cluster = find_cluster(documents, text_of(input, "cluster"));
  if (!cluster) return cluster;
  auto task = find_task(documents, region, text_of(*cluster, "clusterName"), text_of(input, "task"));
  if (!task) return task;
  const std::string arn = text_of(*task, "taskArn");
  engine.stop(arn, "UserInitiated", find_text(input, "reason").value_or("Task stopped by user"));
  auto stopping = documents.get(kTaskKind, arn);
  return json::object{{"task", stopping ? std::move(*stopping) : std::move(*task)}};
}

}  // namespace

Answer find_task(const Documents& documents, std::string_view region, std::string_view cluster,
                 std::string_view reference) {
  if (reference.empty()) return invalid_parameter("Task can not be blank.");
  auto arn = full_task_arn(region, cluster, reference);
  if (!arn) return tl::unexpected(arn.error());
  auto task = documents.get(kTaskKind, *arn);
  if (!task) return invalid_parameter("The referenced task was not found.");
  return std::move(*task);
}

Operations task_operations(Documents& documents, TaskEngine& engine, std::string region, Hides hides) {
  Operations operations;
  operations["DescribeTasks"] =
      shaped_at_once(R"({"cluster": "string", "tasks": ["string"], "include": ["string"]})",
                     [&documents, region, hides = std::move(hides)](const json::object& input) {
                       return describe_tasks(documents, region, hides, input);
                     });
  operations["ListTasks"] = shaped_at_once(
      R"({"cluster": "string", "containerInstance": "string", "family": "string", "nextToken": "string",
          "maxResults": "integer", "startedBy": "string", "serviceName": "string", "desiredStatus": "string",
          "launchType": "string"})",
      [&documents, region](const json::object& input) { return list_tasks(documents, region, input); });
  operations["StopTask"] =
      shaped_at_once(R"({"cluster": "string", "task": "string", "reason": "string"})",
                     [&documents, &engine, region = std::move(region)](const json::object& input) {
                       return stop_task(documents, engine, region, input);
                     });
  return operations;
}

}  // namespace ferry::local
