#include "local/api/cluster_operations.hpp"

#include "local/api/arn.hpp"
#include "local/api/exec_configuration.hpp"
#include "local/api/input.hpp"
#include "local/api/shape.hpp"

#include <algorithm>
#include <memory>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostDescribed = 100;
constexpr std::size_t kMostListed = 100;
constexpr std::size_t kLongestName = 255;

bool is_active(const json::object& resource) {
  return text_of(resource, "status") == "ACTIVE";
}

bool is_cluster_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

json::object new_cluster(std::string_view region, std::string_view name) {
  return json::object{
      {"clusterArn", cluster_arn(region, name)},
      {"clusterName", name},
      {"status", "ACTIVE"},
      {"registeredContainerInstancesCount", 0},
      {"runningTasksCount", 0},
      {"pendingTasksCount", 0},
      {"activeServicesCount", 0},
      {"statistics", json::array{}},
      {"tags", json::array{}},
      {"settings", json::array{json::object{{"name", "containerInsights"}, {"value", "disabled"}}}},
      {"capacityProviders", json::array{}},
      {"defaultCapacityProviderStrategy", json::array{}}};
}

struct Counts {
  std::int64_t running_tasks = 0, pending_tasks = 0, active_services = 0, draining_services = 0;
};

// By name, by nothing for the default one, or by its very ARN.
std::optional<json::object> stored_cluster(const Documents& documents, std::string_view reference) {
  auto cluster = documents.get(kClusterKind, cluster_name_of(reference));
  if (cluster && reference.starts_with("arn:") && text_of(*cluster, "clusterArn") != reference)
    return std::nullopt;
  return cluster;
}

class ClusterApi {
 public:
  ClusterApi(Documents& documents, std::string region) : documents_(&documents), region_(std::move(region)) {}

  Answer create(const json::object& input) {
    const std::string name = find_text(input, "clusterName").value_or("default");
    if (!is_cluster_name(name)) {
      return invalid_parameter(
          "Cluster name must have 1 to 255 characters: letters (a-z, A-Z), numbers, hyphens and "
          "underscores.");
    }
    if (auto wrong = wrong_tags(input)) return tl::unexpected(std::move(*wrong));
    if (auto wrong = wrong_exec_configuration(input)) return tl::unexpected(std::move(*wrong));
    if (const auto existing = documents_->get(kClusterKind, name); existing && is_active(*existing)) {
      return json::object{{"cluster", with_counts(*existing)}};
    }
    json::object cluster = new_cluster(region_, name);
    for (const std::string_view member : {"tags", "settings", "configuration", "capacityProviders",
                                          "defaultCapacityProviderStrategy", "serviceConnectDefaults"}) {
      if (const json::value* value = input.if_contains(member)) cluster[member] = *value;
    }
    documents_->put(kClusterKind, name, cluster);
    return json::object{{"cluster", std::move(cluster)}};
  }

  Answer update(const json::object& input) {
    const std::string reference = text_of(input, "cluster");
    if (reference.empty()) return invalid_parameter("cluster can not be blank.");
    Answer cluster = find_cluster(*documents_, reference);
    if (!cluster) return cluster;
    if (auto wrong = wrong_exec_configuration(input)) return tl::unexpected(std::move(*wrong));
    for (const std::string_view member : {"settings", "serviceConnectDefaults"}) {
      if (const json::value* value = input.if_contains(member)) (*cluster)[member] = *value;
    }
    // Each of its structures is replaced as a whole.
    json::object configuration = structure_of(*cluster, "configuration");
    for (const auto& [name, value] : structure_of(input, "configuration")) configuration[name] = value;
    if (!configuration.empty()) (*cluster)["configuration"] = std::move(configuration);
    documents_->put(kClusterKind, text_of(*cluster, "clusterName"), *cluster);
    return json::object{{"cluster", with_counts(std::move(*cluster))}};
  }

  Answer describe(const json::object& input) {
    std::vector<std::string> references = texts_of(input, "clusters");
    if (references.empty()) references.emplace_back("default");
    if (references.size() > kMostDescribed) {
      return invalid_parameter(fmt::format("clusters must have at most {} elements.", kMostDescribed));
    }
    const std::vector<std::string> included = texts_of(input, "include");
    json::array clusters, failures;
    for (const std::string& reference : references) {
      if (const auto cluster = stored_cluster(*documents_, reference)) {
        clusters.push_back(shown(*cluster, included));
      } else {
        const std::string arn = reference.starts_with("arn:") ? reference : cluster_arn(region_, reference);
        failures.push_back(json::object{{"arn", arn}, {"reason", "MISSING"}});
      }
    }
    return json::object{{"clusters", std::move(clusters)}, {"failures", std::move(failures)}};
  }

  Answer list(const json::object& input) {
    std::vector<std::string> arns;
    for (const json::object& cluster : documents_->list(kClusterKind)) {
      if (is_active(cluster)) arns.push_back(text_of(cluster, "clusterArn"));
    }
    auto page = page_of(std::move(arns), input, kMostListed);
    if (!page) return tl::unexpected(std::move(page.error()));
    json::object answer{{"clusterArns", json::array(page->items.begin(), page->items.end())}};
    if (page->next_token) answer["nextToken"] = *page->next_token;
    return answer;
  }

  Answer remove(const json::object& input) {
    const std::string reference = text_of(input, "cluster");
    if (reference.empty()) return invalid_parameter("cluster can not be blank.");
    Answer cluster = find_cluster(*documents_, reference);
    if (!cluster) return cluster;
    const Counts counts = count(text_of(*cluster, "clusterName"));
    if (counts.active_services + counts.draining_services != 0) {
      return refuse("ClusterContainsServicesException",
                    "The Cluster cannot be deleted while Services are active.");
    }
    if (counts.running_tasks + counts.pending_tasks != 0) {
      return refuse("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
    }
    (*cluster)["status"] = "INACTIVE";
    documents_->put(kClusterKind, text_of(*cluster, "clusterName"), *cluster);
    return json::object{{"cluster", std::move(*cluster)}};
  }

 private:
  [[nodiscard]] Counts count(std::string_view name) const {
    Counts counts;
    const auto in_status = [&](std::string_view status) {
      const Documents::Condition condition{.member = "lastStatus", .value = std::string(status)};
      return documents_->count(kTaskKind, task_arn(region_, name, ""), std::span(&condition, 1));
    };
    counts.running_tasks = in_status("RUNNING");
    for (const std::string_view status : {"PROVISIONING", "PENDING", "ACTIVATING"})
      counts.pending_tasks += in_status(status);
    for (const json::object& service : documents_->list(kServiceKind, service_arn(region_, name, ""))) {
      if (is_active(service)) ++counts.active_services;
      if (text_of(service, "status") == "DRAINING") ++counts.draining_services;
    }
    return counts;
  }

  [[nodiscard]] json::object with_counts(json::object cluster) const {
    const Counts counts = count(text_of(cluster, "clusterName"));
    cluster["runningTasksCount"] = counts.running_tasks;
    cluster["pendingTasksCount"] = counts.pending_tasks;
    cluster["activeServicesCount"] = counts.active_services;
    return cluster;
  }

  // What DescribeClusters leaves out unless `include` asks for it.
  [[nodiscard]] json::object shown(json::object cluster, const std::vector<std::string>& included) const {
    const auto includes = [&](std::string_view what) {
      return std::ranges::find(included, what) != included.end();
    };
    if (!includes("TAGS")) cluster["tags"] = json::array{};
    if (!includes("SETTINGS")) cluster["settings"] = json::array{};
    if (!includes("CONFIGURATIONS")) cluster.erase("configuration");
    return with_counts(std::move(cluster));
  }

  Documents* documents_;
  std::string region_;
};

}  // namespace

Answer find_cluster(const Documents& documents, std::string_view reference) {
  auto cluster = stored_cluster(documents, reference);
  if (!cluster || !is_active(*cluster)) return refuse("ClusterNotFoundException", "Cluster not found.");
  return std::move(*cluster);
}

void ensure_default_cluster(Documents& documents, std::string_view region) {
  constexpr std::string_view kName = "default";
  if (!documents.get(kClusterKind, kName)) documents.put(kClusterKind, kName, new_cluster(region, kName));
}

Operations cluster_operations(Documents& documents, std::string region) {
  constexpr std::string_view kSettable = R"(
    "settings": [{"name": "string", "value": "string"}],
    "configuration": {
      "executeCommandConfiguration": {
        "kmsKeyId": "string", "logging": "string",
        "logConfiguration": {
          "cloudWatchLogGroupName": "string", "cloudWatchEncryptionEnabled": "boolean",
          "s3BucketName": "string", "s3EncryptionEnabled": "boolean", "s3KeyPrefix": "string"}},
      "managedStorageConfiguration": {"kmsKeyId": "string", "fargateEphemeralStorageKmsKeyId": "string"}},
    "serviceConnectDefaults": {"namespace": "string"})";
  const std::string create_input = fmt::format(
      R"({{"clusterName": "string", "tags": [{{"key": "string", "value": "string"}}],
           "capacityProviders": ["string"],
           "defaultCapacityProviderStrategy": [
             {{"capacityProvider": "string", "weight": "integer", "base": "integer"}}],{}}})",
      kSettable);
  const std::string update_input = fmt::format(R"({{"cluster": "string",{}}})", kSettable);
  const auto api = std::make_shared<ClusterApi>(documents, std::move(region));
  Operations operations;
  operations["CreateCluster"] =
      shaped_at_once(create_input, [api](const json::object& input) { return api->create(input); });
  operations["UpdateCluster"] =
      shaped_at_once(update_input, [api](const json::object& input) { return api->update(input); });
  operations["DescribeClusters"] =
      shaped_at_once(R"({"clusters": ["string"], "include": ["string"]})",
                     [api](const json::object& input) { return api->describe(input); });
  operations["ListClusters"] = shaped_at_once(R"({"nextToken": "string", "maxResults": "integer"})",
                                              [api](const json::object& input) { return api->list(input); });
  operations["DeleteCluster"] = shaped_at_once(
      R"({"cluster": "string"})", [api](const json::object& input) { return api->remove(input); });
  return operations;
}

}  // namespace ferry::local
