#include "local/api/service_operations.hpp"

#include "local/api/arn.hpp"
#include "local/api/cluster_operations.hpp"
#include "local/api/input.hpp"
#include "local/api/service_changes.hpp"
#include "local/api/shape.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/service_document.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostDescribed = 10;
constexpr std::size_t kMostListed = 100;
constexpr std::int64_t kListedUnlessAsked = 10;
constexpr std::size_t kLongestName = 255;
constexpr std::string_view kTokenKind = "create_service_token";

bool is_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, fits);
}

class ServiceOperations {
 public:
  ServiceOperations(Documents& documents, ServiceScheduler& scheduler, std::string region)
      : documents_(documents), scheduler_(scheduler), region_(std::move(region)) {}

  Answer create(const json::object& input);
  Answer update(const json::object& input);
  Answer describe(const json::object& input);
  Answer list(const json::object& input);
  Answer remove(const json::object& input);

 private:
  // The service that `service` of the input means, whatever its status.
  Answer find(const json::object& input);
  // Of a name or ARN; an ARN must be of that cluster.
  [[nodiscard]] tl::expected<std::string, ServiceError> find_arn(const json::object& cluster,
                                                                 std::string_view reference) const;
  [[nodiscard]] std::string arn_of(const json::object& cluster, std::string_view name) const;
  Answer keep(json::object service);

  Documents& documents_;
  ServiceScheduler& scheduler_;
  std::string region_;
};

std::string ServiceOperations::arn_of(const json::object& cluster, std::string_view name) const {
  return service_arn(region_, text_of(cluster, "clusterName"), name);
}

tl::expected<std::string, ServiceError> ServiceOperations::find_arn(const json::object& cluster,
                                                                    std::string_view reference) const {
  if (!may_be_ours(reference, "ecs", region_, "service")) return std::string(reference);
  const std::string cluster_name = text_of(cluster, "clusterName");
  const std::string named_cluster = cluster_name_in(reference);
  if (!named_cluster.empty() && named_cluster != cluster_name) {
    return invalid_parameter(fmt::format("Invalid identifier: Identifier is for {}. Your cluster is {}",
                                         named_cluster, cluster_name));
  }
  return arn_of(cluster, short_name(reference));
}

Answer ServiceOperations::keep(json::object service) {
  documents_.put(kServiceKind, text_of(service, "serviceArn"), service);
  scheduler_.wake();
  return json::object{{"service", std::move(service)}};
}

Answer ServiceOperations::find(const json::object& input) {
  const std::string reference = text_of(input, "service");
  if (reference.empty()) return invalid_parameter("Service can not be blank.");
  auto cluster = find_cluster(documents_, text_of(input, "cluster"));
  if (!cluster) return cluster;
  const auto arn = find_arn(*cluster, reference);
  if (!arn) return tl::unexpected(arn.error());
  auto service = documents_.get(kServiceKind, *arn);
  if (!service) return refuse("ServiceNotFoundException", "Service not found.");
  return std::move(*service);
}

Answer ServiceOperations::create(const json::object& input) {
  const std::string name = text_of(input, "serviceName");
  if (!is_name(name)) {
    return invalid_parameter("serviceName must have 1 to 255 letters, digits, hyphens and underscores.");
  }
  auto cluster = find_cluster(documents_, text_of(input, "cluster"));
  if (!cluster) return cluster;
  const std::string arn = arn_of(*cluster, name);
  const auto existing = documents_.get(kServiceKind, arn);
  if (existing && is_draining(*existing)) {
    return invalid_parameter("Unable to Start a service that is still Draining.");
  }
  if (existing && is_active(*existing)) {
    const auto creation = documents_.get(kTokenKind, arn);
    const bool is_repeated = creation && input.contains("clientToken") && *creation == input;
    if (is_repeated) return json::object{{"service", *existing}};
    return invalid_parameter("Creation of service was not idempotent.");
  }
  auto service = new_service(documents_, arn, text_of(*cluster, "clusterArn"), input, net::wall_now());
  if (!service) return service;
  if (input.contains("clientToken")) documents_.put(kTokenKind, arn, input);
  return keep(std::move(*service));
}

Answer ServiceOperations::update(const json::object& input) {
  auto service = find(input);
  if (!service) return service;
  if (!is_active(*service)) return refuse("ServiceNotActiveException", "Service was not ACTIVE.");
  auto changed = changed_service(documents_, std::move(*service), input, net::wall_now());
  if (!changed) return changed;
  return keep(std::move(*changed));
}

Answer ServiceOperations::describe(const json::object& input) {
  const std::vector<std::string> references = texts_of(input, "services");
  if (references.empty()) return invalid_parameter("Services cannot be empty.");
  if (references.size() > kMostDescribed) {
    return invalid_parameter(fmt::format("Services cannot have more than {} elements.", kMostDescribed));
  }
  auto cluster = find_cluster(documents_, text_of(input, "cluster"));
  if (!cluster) return cluster;
  const std::vector<std::string> fields = texts_of(input, "include");
  const bool shows_tags = std::ranges::find(fields, "TAGS") != fields.end();
  json::array services;
  json::array failures;
  for (const std::string& reference : references) {
    const auto arn = find_arn(*cluster, reference);
    if (!arn) return tl::unexpected(arn.error());
    auto service = documents_.get(kServiceKind, *arn);
    if (!service) {
      failures.push_back(json::object{{"arn", *arn}, {"reason", "MISSING"}});
      continue;
    }
    if (!shows_tags) (*service)["tags"] = json::array();
    services.emplace_back(std::move(*service));
  }
  return json::object{{"services", std::move(services)}, {"failures", std::move(failures)}};
}

Answer ServiceOperations::list(const json::object& input) {
  auto cluster = find_cluster(documents_, text_of(input, "cluster"));
  if (!cluster) return cluster;
  const std::string launch_type = text_of(input, "launchType");
  const std::string strategy = text_of(input, "schedulingStrategy");
  std::vector<std::string> arns;
  for (const json::object& service : documents_.list(kServiceKind, arn_of(*cluster, ""))) {
    if (!is_active(service) && !is_draining(service)) continue;
    if (!launch_type.empty() && text_of(service, "launchType") != launch_type) continue;
    if (!strategy.empty() && text_of(service, "schedulingStrategy") != strategy) continue;
    arns.push_back(text_of(service, "serviceArn"));
  }
  json::object paging = input;
  paging.emplace("maxResults", kListedUnlessAsked);
  auto page = page_of(std::move(arns), paging, kMostListed);
  if (!page) return tl::unexpected(page.error());
  json::object answer = {{"serviceArns", json::array(page->items.begin(), page->items.end())}};
  if (page->next_token) answer["nextToken"] = *page->next_token;
  return answer;
}

Answer ServiceOperations::remove(const json::object& input) {
  auto service = find(input);
  if (!service) return service;
  if (!is_active(*service)) {
    if (is_draining(*service)) return json::object{{"service", std::move(*service)}};
    return refuse("ServiceNotFoundException", "Service not found.");
  }
  if (integer_of(*service, "desiredCount", 0) > 0 && !flag_of(input, "force")) {
    return invalid_parameter("The service cannot be stopped while it is scaled above 0.");
  }
  (*service)["status"] = "DRAINING";
  (*service)["desiredCount"] = 0;
  return keep(std::move(*service));
}

}  // namespace

Operations service_operations(Documents& documents, ServiceScheduler& scheduler, std::string region) {
  const auto services = std::make_shared<ServiceOperations>(documents, scheduler, std::move(region));
  Operations operations;
  operations["CreateService"] = shaped_at_once(
      create_service_shape(), [services](const json::object& input) { return services->create(input); });
  operations["UpdateService"] = shaped_at_once(
      update_service_shape(), [services](const json::object& input) { return services->update(input); });
  operations["DescribeServices"] =
      shaped_at_once(R"({"cluster": "string", "services": ["string"], "include": ["string"]})",
                     [services](const json::object& input) { return services->describe(input); });
  operations["ListServices"] =
      shaped_at_once(R"({"cluster": "string", "nextToken": "string", "maxResults": "integer",
                         "launchType": "string", "schedulingStrategy": "string"})",
                     [services](const json::object& input) { return services->list(input); });
  operations["DeleteService"] =
      shaped_at_once(R"({"cluster": "string", "service": "string", "force": "boolean"})",
                     [services](const json::object& input) { return services->remove(input); });
  return operations;
}

}  // namespace ferry::local
