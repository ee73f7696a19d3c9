#include "local/tasks/service_document.hpp"

#include "local/api/input.hpp"
#include "local/tasks/document.hpp"
#include "sys/random.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

std::string new_deployment_id() {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : sys::random_bytes(8)) number = (number << 8U) | byte;
  return fmt::format("ecs-svc/{:019}", number % 10'000'000'000'000'000'000U);
}

}  // namespace

bool is_active(const json::object& service) {
  return text_of(service, "status") == "ACTIVE";
}

bool is_draining(const json::object& service) {
  return text_of(service, "status") == "DRAINING";
}

void begin_deployment(json::object& service, WallTime now) {
  const std::string id = new_deployment_id();
  json::object deployment = {{"id", id},
                             {"status", "PRIMARY"},
                             {"taskDefinition", service["taskDefinition"]},
                             {"desiredCount", service["desiredCount"]},
                             {"pendingCount", 0},
                             {"runningCount", 0},
                             {"failedTasks", 0},
                             {"createdAt", epoch_seconds(now)},
                             {"updatedAt", epoch_seconds(now)},
                             {"rolloutState", "IN_PROGRESS"},
                             {"rolloutStateReason", fmt::format("ECS deployment {} in progress.", id)}};
  for (const std::string_view member : {"launchType", "capacityProviderStrategy", "platformVersion",
                                        "platformFamily", "networkConfiguration"}) {
    if (const json::value* value = service.if_contains(member)) deployment[member] = *value;
  }
  json::array deployments = {std::move(deployment)};
  for (json::value& value : service["deployments"].as_array()) {
    json::object& older = value.as_object();
    older["status"] = "ACTIVE";
    older["desiredCount"] = 0;
    deployments.emplace_back(std::move(older));
  }
  service["deployments"] = std::move(deployments);
}

json::object& primary_of(json::object& service) {
  return service["deployments"].as_array().front().as_object();
}

void add_event(json::object& service, std::string_view what, WallTime now) {
  json::array& events = service["events"].as_array();
  json::object event = {{"id", sys::random_uuid()},
                        {"createdAt", epoch_seconds(now)},
                        {"message", fmt::format("(service {}) {}", text_of(service, "serviceName"), what)}};
  events.insert(events.begin(), std::move(event));
  if (events.size() > kMaxServiceEvents) events.resize(kMaxServiceEvents);
}

}  // namespace ferry::local
