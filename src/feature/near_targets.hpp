// The nearest names that exist, for a failure that says that a target does not: one List call of one page
// (100 names), within three seconds; where it is refused or late, the failure stays as it is.
// The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "feature/target.hpp"
#include "net/task.hpp"

#include <string>
#include <vector>

namespace ferry::feature {

// `failure` is about `target`: a cluster that is not there (ClusterNotFoundException) gets the names of
// clusters, a service, family or task that is not there (ServiceNotFoundException, or code not_found without
// a name of the service's own) those of its kind. Any other comes back unchanged, without a call.
net::Task<Failure> with_near_targets(aws::Client& client, Target target, Failure failure);

// The same for a task definition, "family" or "family:revision", whatever the failure says.
net::Task<Failure> with_near_families(aws::Client& client, std::string task_definition, Failure failure);

// The names that ECS has instead of the target's, as far as they look like it; for callers that have no
// failure.
net::Task<std::vector<std::string>> near_clusters(aws::Client& client, std::string cluster);
net::Task<std::vector<std::string>> near_targets(aws::Client& client, Target target);

}  // namespace ferry::feature
