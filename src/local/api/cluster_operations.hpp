// CreateCluster, UpdateCluster, DescribeClusters, ListClusters, DeleteCluster, and the look-up that other
// operations need.
// Documents of kind "cluster", by name.
#pragma once

#include "local/api/operation.hpp"
#include "local/store/documents.hpp"

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

// Kinds of documents whose shape several operations share. Keys: a cluster's name; a task's and a service's
// ARN (so that the prefix "arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/" lists a cluster's).
inline constexpr std::string_view kClusterKind = "cluster";
inline constexpr std::string_view kTaskKind = "task";
inline constexpr std::string_view kServiceKind = "service";

Operations cluster_operations(Documents& documents, std::string region);

// Makes the cluster "default" where it is not there.
void ensure_default_cluster(Documents& documents, std::string_view region);

// The document of the ACTIVE cluster that a request's `cluster` member means (name, ARN, or empty for
// "default"), or ClusterNotFoundException.
Answer find_cluster(const Documents& documents, std::string_view reference);

}  // namespace ferry::local
