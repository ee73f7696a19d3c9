// Amazon resource names of the resources that the endpoint keeps: made, and taken apart.
// Pure; the account is always kAccount.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferry::local {

inline constexpr std::string_view kAccount = "123456789012";

// "arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE" taken apart.
struct Arn {
  std::string service, region, account;
  std::string resource;  // all after the fifth colon: "task/default/0123"
};
std::optional<Arn> parse_arn(std::string_view text);

// Whether a reference may mean a resource that the endpoint keeps: any name may, an ARN only of that service,
// region and type of resource ("task") and of kAccount. What it may not mean is not there.
bool may_be_ours(std::string_view reference, std::string_view service, std::string_view region,
                 std::string_view type);

std::string make_arn(std::string_view service, std::string_view region, std::string_view resource);

std::string cluster_arn(std::string_view region, std::string_view cluster);
std::string task_arn(std::string_view region, std::string_view cluster, std::string_view task_id);
std::string container_arn(std::string_view region, std::string_view cluster, std::string_view task_id,
                          std::string_view container_id);
std::string service_arn(std::string_view region, std::string_view cluster, std::string_view service);
std::string task_definition_arn(std::string_view region, std::string_view family, int revision);

// The part behind the last '/': the short name of a cluster, service or task, the FAMILY:REVISION of a task
// definition. A text without '/' is returned whole, so that a short name stays what it is.
std::string_view short_name(std::string_view arn_or_name);

// The cluster's name in an API request's `cluster` member: a name or ARN; an empty one means "default".
std::string cluster_name_of(std::string_view reference);
// The cluster's name in the ARN of a task, service or container ("task/CLUSTER/ID"); empty where it has none.
std::string cluster_name_in(std::string_view arn);

}  // namespace ferry::local
