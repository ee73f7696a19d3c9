#include "feature/run/stop_cause.hpp"

#include <algorithm>
#include <array>

namespace ferry::feature {
namespace {

constexpr std::string_view kReachRegistry =
    "give the subnet a way to the registry: a public IP, a NAT gateway, or endpoints for ecr.api, ecr.dkr "
    "and s3";
constexpr std::string_view kReachService =
    "give the subnet a way to the service: a public IP, a NAT gateway, or its VPC endpoint";
constexpr std::string_view kTryAgain = "try again";
constexpr std::string_view kRaiseMemory = "raise --memory, or the memory of the task definition";

// The more telling words stand first: a row is taken before those below it.
constexpr std::array kCauses{
    // The image.
    StopCause{"toomanyrequests", "", "the registry limits anonymous pulls",
              "log in to the registry (repositoryCredentials), or use a mirror such as ECR", true},
    StopCause{"You have reached your", "pull rate limit", "the registry limits anonymous pulls",
              "log in to the registry (repositoryCredentials), or use a mirror such as ECR", true},
    StopCause{"CannotPull", "i/o timeout", "the registry did not answer in time", kReachRegistry, true},
    StopCause{"CannotPull", "unexpected EOF", "the connection to the registry broke", kTryAgain, true},
    StopCause{"CannotPull", "connection reset", "the connection to the registry broke", kTryAgain, true},
    StopCause{"CannotPull", "TLS handshake timeout", "the registry did not answer in time", kReachRegistry,
              true},
    StopCause{"CannotPull", "context deadline exceeded", "the registry did not answer in time",
              kReachRegistry, true},
    StopCause{"CannotPull", "request canceled", "the registry did not answer in time", kReachRegistry, true},
    StopCause{"CannotPull", "no such host", "the registry's name is not known in the subnet",
              "check the image's name, and the VPC's DNS settings"},
    StopCause{"CannotPull", "no space left on device", "the disk is full",
              "raise --ephemeral-storage, or clean the instance"},
    StopCause{"CannotPull", "no basic auth credentials", "the registry wants a login",
              "give the execution role rights to the registry, or set repositoryCredentials"},
    StopCause{"CannotPull", "401 Unauthorized", "the registry wants a login",
              "give the execution role rights to the registry, or set repositoryCredentials"},
    StopCause{"CannotPull", "403 Forbidden", "the registry refuses this role",
              "check the execution role's rights to the registry and the repository's policy"},
    StopCause{"CannotPull", "is not authorized to perform", "the execution role may not read the image",
              "allow the action that is named to the execution role"},
    StopCause{"CannotPull", "pull access denied", "the registry has no such repository, or refuses it",
              "check the image's name, and the execution role's rights to the registry"},
    StopCause{"CannotPull", "does not exist", "the registry has no such repository, or refuses it",
              "check the image's name, and the execution role's rights to the registry"},
    StopCause{"CannotPull", "no matching manifest", "the image is for another architecture",
              "build it for the task's, or set runtimePlatform"},
    StopCause{"CannotPull", "does not match the specified platform", "the image is for another architecture",
              "build it for the task's, or set runtimePlatform"},
    StopCause{"CannotPull", "image Manifest does not contain descriptor matching platform",
              "the image is for another architecture", "build it for the task's, or set runtimePlatform"},
    StopCause{"CannotPull", "manifest unknown", "the registry has no image of that tag",
              "check the tag, and that the image was pushed"},
    StopCause{"CannotPull", "not found", "the registry has no image of that tag",
              "check the tag, and that the image was pushed"},
    StopCause{"CannotPull", "invalid reference format", "the image's name is malformed",
              "write REGISTRY/NAME:TAG"},
    StopCause{"CannotPull", "failed to resolve ref", "the image could not be looked up",
              "check the image's name and tag, the execution role's rights, and the way to the registry"},
    StopCause{"CannotPull", "", "the image could not be pulled",
              "check the image's name and tag, the execution role's rights to the registry, and that the "
              "subnet reaches it"},
    // What has to be there before a container starts.
    StopCause{"unable to pull secrets or registry auth", "is not authorized to perform",
              "the execution role may not read a secret or log in to the registry",
              "allow the action that is named to the execution role"},
    StopCause{"unable to pull secrets or registry auth", "AccessDenied",
              "the execution role may not read a secret or log in to the registry",
              "allow the action that is named to the execution role"},
    StopCause{"unable to pull secrets or registry auth", "ResourceNotFoundException",
              "a secret of the task definition does not exist", "check its ARN, name and region"},
    StopCause{"unable to pull secrets or registry auth", "invalid ssm parameters",
              "a parameter of the task definition does not exist", "check its name and region"},
    StopCause{"unable to pull secrets or registry auth", "did not contain json key",
              "a secret lacks the key that the task definition names",
              "check the key after the secret's ARN"},
    StopCause{"unable to pull secrets or registry auth", "invalid character",
              "a secret is not the JSON that the task definition takes it for", "check the secret's value"},
    StopCause{"unable to pull secrets or registry auth", "i/o timeout",
              "secrets or registry did not answer in time", kReachService, true},
    StopCause{"unable to pull secrets or registry auth", "context deadline exceeded",
              "secrets or registry did not answer in time", kReachService, true},
    StopCause{"unable to pull secrets or registry auth", "RequestCanceled",
              "secrets or registry did not answer in time", kReachService, true},
    StopCause{"unable to pull secrets or registry auth", "", "a secret or the registry's login was not got",
              "check the execution role's rights and the subnet's route to secrets and registry"},
    StopCause{"failed to validate logger args", "log group does not exist", "the log group does not exist",
              "create it, or set awslogs-create-group"},
    StopCause{"failed to validate logger args", "ResourceNotFoundException", "the log group does not exist",
              "create it, or set awslogs-create-group"},
    StopCause{"failed to validate logger args", "AccessDenied", "the execution role may not write the log",
              "allow logs:CreateLogStream and logs:PutLogEvents to it"},
    StopCause{"failed to validate logger args", "", "the log driver could not start",
              "check the log group, the execution role's rights, and the subnet's route to CloudWatch Logs"},
    StopCause{"failed to create Cloudwatch log stream", "", "the log driver could not start",
              "check the log group, the execution role's rights, and the subnet's route to CloudWatch Logs"},
    StopCause{"failed to initialize logging driver", "", "the log driver could not start",
              "check its options, the execution role's rights, and the subnet's route to it"},
    StopCause{"failed to invoke EFS utils commands", "", "a file system could not be mounted",
              "check its id, its mount targets and their security groups (port 2049), and DNS"},
    StopCause{"failed to download env files", "", "an environment file could not be read",
              "check its ARN and that the execution role may read the bucket"},
    StopCause{"Timeout waiting for network interface provisioning", "", "the network interface came too late",
              kTryAgain, true},
    StopCause{"Timeout waiting for EphemeralStorage provisioning", "", "the disk came too late", kTryAgain,
              true},
    StopCause{"Unexpected EC2 error while attempting to", "AuthFailure",
              "EC2 refused a network interface in passing", kTryAgain, true},
    StopCause{"Unexpected EC2 error while attempting to", "InsufficientFreeAddressesInSubnet",
              "the subnet has no free address", "free addresses, or name another subnet", true},
    StopCause{"Unexpected EC2 error while attempting to", "", "EC2 refused a network interface",
              "check the subnets and security groups that are named"},
    StopCause{"service discovery", "registration", "the registration in service discovery came too late",
              kTryAgain, true},
    StopCause{"InsufficientFreeAddressesInSubnet", "", "the subnet has no free address",
              "free addresses, or name another subnet", true},
    StopCause{"Capacity is unavailable at this time", "", "there is no capacity at the moment",
              "try again later, in another availability zone, or with --capacity FARGATE_SPOT,FARGATE", true},
    StopCause{"ResourceInitializationError", "i/o timeout", "what the task needs did not answer in time",
              kReachService, true},
    StopCause{"ResourceInitializationError", "", "what the task needs could not be prepared",
              "check the execution role's rights and the subnet's route to secrets, registry, logs and file "
              "systems"},
    // The container's beginning.
    StopCause{"CannotStartContainerError", "executable file not found", "the image has no such command",
              "check the command's name and the image's PATH"},
    StopCause{"CannotStartContainerError", "no such file or directory", "the image has no such file",
              "check the command, its interpreter and the working directory"},
    StopCause{"CannotStartContainerError", "permission denied", "the command is not executable",
              "set its mode in the image, or run it through its interpreter"},
    StopCause{"CannotStartContainerError", "exec format error",
              "the command is for another architecture, or a script without its first line",
              "build the image for the task's architecture"},
    StopCause{"CannotStartContainerError", "driver failed programming external connectivity",
              "the host port is in use", "free the port, or use a dynamic one", true},
    StopCause{"CannotStartContainerError", "", "the container could not be started",
              "check that the command exists in the image and is executable"},
    StopCause{"CannotCreateContainerError", "no space left on device", "the disk is full",
              "raise --ephemeral-storage, or clean the instance"},
    StopCause{"CannotCreateContainerError", "", "the container could not be made",
              "check the container definition: command, mounts and log driver"},
    StopCause{"CannotInspectContainerError", "", "the container runtime did not answer", kTryAgain, true},
    StopCause{"CannotStopContainerError", "", "the container runtime did not answer", kTryAgain, true},
    StopCause{"DockerTimeoutError", "", "the container runtime did not answer", kTryAgain, true},
    StopCause{"ContainerRuntimeTimeoutError", "", "the container runtime did not answer", kTryAgain, true},
    StopCause{"ContainerRuntimeError", "", "the container runtime failed", kTryAgain, true},
    StopCause{"InternalError", "", "ECS failed itself", kTryAgain, true},
    // Its end.
    StopCause{"OutOfMemory", "", "the memory limit was reached", kRaiseMemory},
    StopCause{"failed container health checks", "", "the container's health check failed",
              "look at the health check's command and its start period"},
    StopCause{"failed ELB health checks", "", "the load balancer's health check failed",
              "look at the target group's health check and the container's port"},
    StopCause{"Your Spot Task was interrupted", "", "the spot capacity was taken back",
              "try again, or with --capacity FARGATE_SPOT,FARGATE", true},
    StopCause{"Host EC2", "terminated", "its instance was terminated", kTryAgain, true},
    StopCause{"Host EC2", "stopped", "its instance was stopped", kTryAgain, true},
    StopCause{"ECS is performing maintenance", "", "the host was retired for maintenance", kTryAgain, true},
    StopCause{"Task stopped by", "AWS", "AWS retired the host", kTryAgain, true},
    StopCause{"Scaling activity initiated by", "", "the service was scaled in",
              "a service's tasks come and go: `ferry run` starts one of its own"},
    StopCause{"SpotInterruption", "", "the spot capacity was taken back", kTryAgain, true},
    StopCause{"TaskFailedToStart", "", "the task could not be started",
              "look at the reasons of its containers"},
};

}  // namespace

const StopCause* stop_cause_of(std::string_view reason) {
  const auto found = std::ranges::find_if(kCauses, [reason](const StopCause& cause) {
    return reason.contains(cause.first_word) && reason.contains(cause.second_word);
  });
  return found == kCauses.end() ? nullptr : &*found;
}

}  // namespace ferry::feature
