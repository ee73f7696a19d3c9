#include "feature/run/start_failure.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr bool kLacksCapacity = true;
constexpr bool kPassing = true;

constexpr std::string_view kAddCapacity = "add instances, ask for less, or run it with --launch-type FARGATE";
constexpr std::string_view kRaiseQuota =
    "wait for tasks to end, or have the quota raised (Service Quotas, AWS Fargate)";
constexpr std::string_view kNameNetwork =
    "name it with --network-configuration, or take a service's with --like CLUSTER/SERVICE";
constexpr std::string_view kLookAtDefinition =
    R"(look at it: ferry api ecs DescribeTaskDefinition '{"taskDefinition":"FAMILY"}')";
constexpr std::string_view kLookAtProviders =
    R"(look at them: ferry api ecs DescribeClusters '{"clusters":["CLUSTER"]}')";

// The more telling words stand first: a row is taken before those below it.
constexpr std::array kCauses{
    // Reasons in failures[].
    StartCause{"Capacity is unavailable", "", "Fargate has no room in these availability zones",
               "try again later, name subnets of more zones, or another provider with --capacity",
               kLacksCapacity, kPassing},
    StartCause{"RESOURCE:CPU", "", "no instance of the cluster has the CPU free", kAddCapacity,
               kLacksCapacity, kPassing},
    StartCause{"RESOURCE:MEMORY", "", "no instance of the cluster has the memory free", kAddCapacity,
               kLacksCapacity, kPassing},
    StartCause{"RESOURCE:ENI", "", "no instance of the cluster has a network interface free", kAddCapacity,
               kLacksCapacity, kPassing},
    StartCause{"RESOURCE:GPU", "", "no instance of the cluster has a GPU free", kAddCapacity, kLacksCapacity,
               kPassing},
    StartCause{"RESOURCE:PORTS", "", "the host port is taken on every instance",
               "free the port, let ECS choose it (hostPort 0), or add instances", kLacksCapacity, kPassing},
    StartCause{"RESOURCE:", "", "no instance of the cluster has that resource free", kAddCapacity,
               kLacksCapacity, kPassing},
    StartCause{"EMPTY CAPACITY PROVIDER", "", "the capacity provider has no instances",
               "look at its Auto Scaling group, or name another with --capacity", kLacksCapacity, kPassing},
    StartCause{"NO ACTIVE INSTANCES", "", "the capacity provider has no active instances",
               "look at its Auto Scaling group, or name another with --capacity", kLacksCapacity, kPassing},
    StartCause{"AGENT", "", "the instance's ECS agent is not connected", "look at the instance", false,
               kPassing},
    StartCause{"LOCATION", "", "the instance is not where the volume or zone asks for",
               "add instances in that availability zone"},
    StartCause{"ATTRIBUTE", "", "no instance has an attribute that the task definition requires",
               "compare requiresAttributes of the definition with the instances' attributes"},
    StartCause{"MISSING", "", "the named resource does not exist", "check cluster, instance and region"},
    StartCause{"INACTIVE", "", "the instance was deregistered, or the cluster deleted",
               "check cluster and instance"},
    // Errors.
    StartCause{"ClientException", "limit on the number of", "the account's Fargate quota is used up",
               kRaiseQuota, kLacksCapacity, kPassing},
    StartCause{"ClientException", "Capacity is unavailable",
               "Fargate has no room in these availability zones",
               "try again later, or name another provider with --capacity", kLacksCapacity, kPassing},
    StartCause{"ClientException", "TaskDefinition is inactive", "that revision was deregistered",
               "name another revision, or only the family for its latest"},
    StartCause{"ClientException", "TaskDefinition not found", "there is no such task definition",
               "check family, revision and region"},
    StartCause{"ClientException", "Unable to find task definition", "there is no such task definition",
               "check family, revision and region"},
    StartCause{"ClientException", "unable to assume the role", "ECS may not use the role",
               "let the role trust ecs-tasks.amazonaws.com"},
    StartCause{"ClientException", "CannotPassRole", "you may not pass the role",
               "allow iam:PassRole on the task role and the execution role"},
    StartCause{"InvalidParameterException", "No Container Instances were found in your cluster",
               "the cluster has no EC2 instances",
               "say --launch-type FARGATE or --capacity, or add instances to the cluster", kLacksCapacity},
    StartCause{"InvalidParameterException", "Network Configuration must be provided",
               "the task definition's network mode is awsvpc", kNameNetwork},
    StartCause{"InvalidParameterException", "Network Configuration is not valid",
               "the task definition's network mode is not awsvpc", "leave --network-configuration out"},
    StartCause{"InvalidParameterException", "subnet", "a subnet does not exist or does not fit",
               "check --network-configuration and the region"},
    StartCause{"InvalidParameterException", "security group",
               "a security group does not exist or does not fit",
               "check --network-configuration: its VPC must be the subnets'"},
    StartCause{"InvalidParameterException", "Task definition does not support launch_type",
               "the task definition is for another launch type", kLookAtDefinition},
    StartCause{"InvalidParameterException", "is not a container in the TaskDefinition",
               "an override names a container that is not there", kLookAtDefinition},
    StartCause{"InvalidParameterException", "valid task role is not being used", "exec needs a task role",
               "name one with --task-role-arn ROLE, with the ssmmessages actions"},
    StartCause{"InvalidParameterException", "both a launch type and capacity provider",
               "a launch type and a capacity provider strategy exclude each other",
               "leave out --launch-type, or the strategy (capacityProviderStrategy)"},
    StartCause{"InvalidParameterException", "mix of capacity providers",
               "a strategy names either Fargate's providers or those of instances",
               "leave out the ones or the others"},
    StartCause{"InvalidParameterException", "not associated with the cluster",
               "the cluster does not have that capacity provider", kLookAtProviders},
    StartCause{"InvalidParameterException", "was not found. Specify a valid name",
               "there is no such capacity provider", kLookAtProviders},
    StartCause{"InvalidParameterException", "capacity provider",
               "the capacity provider strategy does not fit the cluster", kLookAtProviders},
    StartCause{"AccessDeniedException", "iam:PassRole", "you may not pass the task's roles",
               "allow iam:PassRole on the task role and the execution role"},
    StartCause{"AccessDeniedException", "", "you may not do that", "allow the action that is named"},
    StartCause{"BlockedException", "", "AWS has blocked the account", "contact AWS Support"},
    StartCause{"ClusterNotFoundException", "", "there is no such cluster in this region",
               "check --cluster and --region"},
    StartCause{"ConflictException", "", "the client token was used for another input",
               "use a clientToken once for each input, or leave it out"},
    StartCause{"PlatformUnknownException", "", "there is no such platform version",
               "leave --platform-version out for LATEST"},
    StartCause{"PlatformTaskDefinitionIncompatibilityException", "",
               "that platform version cannot run the task definition",
               "leave --platform-version out for LATEST"},
    StartCause{"UnsupportedFeatureException", "", "the region or account does not have that feature",
               "leave out what the message names"},
    StartCause{"ServerException", "", "ECS failed", "try again", false, kPassing},
    StartCause{"ThrottlingException", "", "the account's calls are limited", "try again", false, kPassing},
};

}  // namespace

const StartCause* start_cause_of(const Failure& failure) {
  const auto found = std::ranges::find_if(kCauses, [&failure](const StartCause& cause) {
    return failure.service_code.starts_with(cause.code) && failure.what.contains(cause.words);
  });
  return found == kCauses.end() ? nullptr : &*found;
}

Failure placement_failure(const aws::ecs::ServiceFailure& reason) {
  Failure failure;
  failure.code = FailureCode::refused;
  failure.service_code = reason.reason;
  failure.what = "RunTask started nothing: ";
  failure.what += reason.reason.empty() ? "no reason was given" : reason.reason;
  if (!reason.detail.empty()) failure.what += fmt::format(" ({})", reason.detail);
  if (!reason.arn.empty()) failure.what += fmt::format(", {}", reason.arn);
  return with_next_step(std::move(failure));
}

Failure with_next_step(Failure refusal) {
  const StartCause* cause = start_cause_of(refusal);
  if (cause != nullptr && refusal.hint.empty())
    refusal.hint = fmt::format("{}: {}", cause->cause, cause->next_step);
  return refusal;
}

bool lacks_capacity_now(const Failure& failure) {
  const StartCause* cause = start_cause_of(failure);
  return cause != nullptr && cause->lacks_capacity;
}

bool may_start_later(const Failure& failure) {
  const StartCause* cause = start_cause_of(failure);
  return cause != nullptr && cause->is_passing;
}

}  // namespace ferry::feature
