#include "cli/task_table.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::cli {
namespace {

namespace json = boost::json;
using Row = std::array<std::string, 5>;

std::string last_part(std::string_view arn) {
  return std::string(arn.substr(arn.rfind('/') + 1));
}

std::string status_of(const aws::ecs::Task& task, WallTime now) {
  const std::optional<double> since = task.last_status == "STOPPED"   ? task.stopped_at
                                      : task.last_status == "RUNNING" ? task.started_at
                                                                      : task.created_at;
  if (!since) return task.last_status;
  return fmt::format("{} {}", task.last_status, rough_duration(now - wall_time(*since)));
}

// "app", or "app=1" where it has ended with 1.
std::string containers_of(const aws::ecs::Task& task) {
  std::string text;
  for (const aws::ecs::Container& container : task.containers) {
    if (!text.empty()) text += ' ';
    text += container.name;
    if (container.exit_code) text += fmt::format("={}", *container.exit_code);
  }
  return text;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(shortened(text));
}

json::value time_or_null(const std::optional<double>& time) {
  return time ? json::value(rfc3339(wall_time(*time))) : json::value(nullptr);
}

}  // namespace

std::string rough_duration(milliseconds duration) {
  const std::int64_t all = std::max<std::int64_t>(0, duration.count() / 1000);
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (all < kMinute) return fmt::format("{}s", all);
  if (all < kHour) return fmt::format("{}m", all / kMinute);
  if (all < kDay) return fmt::format("{}h", all / kHour);
  return fmt::format("{}d", all / kDay);
}

std::string task_table(const std::vector<aws::ecs::Task>& tasks, WallTime now) {
  std::vector<Row> rows{{"TASK", "STATUS", "DEFINITION", "BELONGS TO", "CONTAINERS"}};
  for (const aws::ecs::Task& task : tasks) {
    const std::string owner = task.group.starts_with("service:") || task.started_by.empty()
                                  ? task.group
                                  : fmt::format("started by {}", task.started_by);
    rows.push_back(
        {task.id(), status_of(task, now), last_part(task.task_definition_arn), owner, containers_of(task)});
  }
  std::array<std::size_t, 5> widths{};
  for (Row& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at) {
      row[at] = printable(shortened(row[at]));
      widths[at] = std::max(widths[at], row[at].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t at = 0; at + 1 < row.size(); ++at) text += fmt::format("{:<{}}  ", row[at], widths[at]);
    text += row.back() + "\n";
  }
  return text;
}

json::object task_json(const aws::ecs::Task& task) {
  json::array containers;
  for (const aws::ecs::Container& container : task.containers) {
    containers.push_back(json::object{
        {"name", container.name},
        {"status", text_or_null(container.last_status)},
        {"exit_code", container.exit_code ? json::value(*container.exit_code) : json::value(nullptr)},
        {"reason", text_or_null(container.reason)}});
  }
  return json::object{{"task", task.arn},
                      {"cluster", task.cluster_name()},
                      {"status", text_or_null(task.last_status)},
                      {"desired_status", text_or_null(task.desired_status)},
                      {"definition", last_part(task.task_definition_arn)},
                      {"group", text_or_null(task.group)},
                      {"started_by", text_or_null(task.started_by)},
                      {"containers", std::move(containers)},
                      {"created_at", time_or_null(task.created_at)},
                      {"started_at", time_or_null(task.started_at)},
                      {"stopped_at", time_or_null(task.stopped_at)},
                      {"stop_code", text_or_null(task.stop_code)},
                      {"stopped_reason", text_or_null(task.stopped_reason)}};
}

}  // namespace ferry::cli
