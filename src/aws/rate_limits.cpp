#include "aws/rate_limits.hpp"

#include "aws/answer_reader.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

namespace ferry::aws {
namespace {

enum Bucket : std::size_t {
  cluster_resource_modify,
  cluster_resource_read,
  task_definition_modify,
  task_definition_read,
  service_modify,
  service_read,
  cluster_read,
  fargate_launch,
  log_events,
  log_events_filtered,
};

struct Limit {
  double burst, a_second;
};

// The ECS developer guide, "Request throttling for the Amazon ECS API" and "AWS Fargate throttling quotas";
// GetLogEvents and FilterLogEvents as in the CloudWatch Logs quotas of most regions. In the order of Bucket.
constexpr std::array<Limit, RateLimits::kBuckets> kLimits{Limit{100, 40}, {100, 20}, {20, 1},  {50, 20},
                                                          {50, 5},        {100, 20}, {50, 20}, {100, 20},
                                                          {10, 10},       {10, 10}};

std::optional<Bucket> bucket_of(Service service, std::string_view operation) {
  const auto is_one_of = [operation](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, operation) != names.end();
  };
  if (service == Service::logs && operation == "GetLogEvents") return log_events;
  if (service == Service::logs && operation == "FilterLogEvents") return log_events_filtered;
  if (service != Service::ecs) return std::nullopt;
  if (is_one_of({"RunTask", "ExecuteCommand", "StopTask"})) return cluster_resource_modify;
  if (is_one_of({"DescribeTasks", "ListTasks"})) return cluster_resource_read;
  if (is_one_of({"RegisterTaskDefinition", "DeregisterTaskDefinition", "DeleteTaskDefinitions"}))
    return task_definition_modify;
  if (is_one_of({"DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"}))
    return task_definition_read;
  if (is_one_of({"CreateService", "UpdateService", "DeleteService"})) return service_modify;
  if (is_one_of({"DescribeServices", "ListServices"})) return service_read;
  if (is_one_of({"DescribeClusters", "ListClusters"})) return cluster_read;
  return std::nullopt;
}

// How many tasks of Fargate a RunTask would start. Without a launch type the cluster decides: perhaps there.
double fargate_tasks(const boost::json::object& input) {
  const std::string launch_type = text_in(input, "launchType");
  if (!launch_type.empty() && launch_type != "FARGATE") return 0;
  return static_cast<double>(std::clamp<std::int64_t>(integer_in(input, "count").value_or(1), 1, 10));
}

}  // namespace

Instant RateLimits::take(Levels& levels, std::size_t bucket, double part, double tokens, Instant now) {
  const double burst = std::max(1.0, kLimits.at(bucket).burst * part);
  const double a_second = kLimits.at(bucket).a_second * part;
  Level& level = levels.at(bucket);
  if (!level.is_used) level = {.tokens = burst, .at = now, .is_used = true};
  // Another thread may have read the clock earlier and come later.
  now = std::max(now, level.at);
  const double passed_s = std::chrono::duration<double>(now - level.at).count();
  level.tokens = std::min(burst, level.tokens + passed_s * a_second) - tokens;
  level.at = now;
  if (level.tokens >= 0) return now;
  return now + milliseconds(std::llround(std::ceil(-level.tokens / a_second * 1000)));
}

Instant RateLimits::reserve(RateShare share, Service service, std::string_view operation,
                            const boost::json::object& input, Instant now) {
  const std::optional<Bucket> bucket = bucket_of(service, operation);
  if (!bucket) return now;
  const std::lock_guard lock(mutex_);
  Levels& levels = levels_.try_emplace(std::string(share.region)).first->second;
  Instant go = take(levels, *bucket, share.part, 1, now);
  if (operation == "RunTask") {
    const double tasks = fargate_tasks(input);
    if (tasks > 0) go = std::max(go, take(levels, fargate_launch, share.part, tasks, now));
  }
  return go;
}

}  // namespace ferry::aws
