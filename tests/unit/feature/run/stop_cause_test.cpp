// What ferry makes of stop reasons: those that stand in public, each with its place
// (tests/data/stop_reasons.tsv), and further wordings of the same causes.
#include "feature/run/stop_cause.hpp"

#include "base/text.hpp"

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

struct Wording {
  std::string_view reason;
  std::string_view cause;  // a part of it
  bool is_passing = false;
};

const std::vector<Wording> kFurtherWordings{
    {"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
     "docker.io/library/app:latest: failed to copy: httpReadSeeker: failed open: unexpected status code "
     "https://registry-1.docker.io/v2/: 429 Too Many Requests - Server message: toomanyrequests: You have "
     "reached your pull rate limit.",
     "limits anonymous pulls", true},
    {"CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: "
     "unexpected status code: 429 Too Many Requests - Server message: toomanyrequests: You have reached your "
     "unauthenticated pull rate limit.",
     "limits anonymous pulls", true},
    {"CannotPullContainerError: Error response from daemon: Get https://registry-1.docker.io/v2/: net/http: "
     "request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
     "did not answer in time", true},
    {"CannotPullContainerError: inspect image has been retried 5 time(s): failed to resolve ref "
     "\"docker.io/library/nginx:latest\": failed to do request: Head https://registry-1.docker.io/v2/: dial "
     "tcp "
     "34.237.244.67:443: i/o timeout",
     "did not answer in time", true},
    {"CannotPullContainerError: context canceled: failed to copy: httpReaderSeeker: failed open: failed to "
     "do "
     "request: read tcp 10.0.1.5:41234->52.216.1.1:443: read: connection reset by peer",
     "connection to the registry broke", true},
    {"CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer: unexpected EOF",
     "connection to the registry broke", true},
    {"CannotPullContainerError: Error response from daemon: Get https://example.com/v2/: net/http: TLS "
     "handshake "
     "timeout",
     "did not answer in time", true},
    {"CannotPullContainerError: context deadline exceeded", "did not answer in time", true},
    {"CannotPullContainerError: failed to resolve ref registry.internal/app:1: failed to do request: Head: "
     "dial "
     "tcp: lookup registry.internal on 10.0.0.2:53: no such host",
     "not known in the subnet"},
    {"CannotPullContainerError: failed to register layer: Error processing tar file(exit status 1): write "
     "/usr/lib/x: no space left on device",
     "disk is full"},
    {"CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed "
     "open: failed to do request: write /var/lib/containerd: no space left on device",
     "disk is full"},
    {"CannotPullContainerError: Error response from daemon: Get "
     "https://1.dkr.ecr.us-east-1.amazonaws.com/v2/app/"
     "manifests/latest: no basic auth credentials",
     "wants a login"},
    {"CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref "
     "ghcr.io/org/app: "
     "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
     "wants a login"},
    {"CannotPullContainerError: pulling from host 1.dkr.ecr.eu-west-1.amazonaws.com failed with status code "
     "[manifests latest]: 403 Forbidden",
     "refuses this role"},
    {"CannotPullECRContainerError: AccessDeniedException: User: arn:aws:sts::1:assumed-role/exec/0 is not "
     "authorized to perform: ecr:GetAuthorizationToken on resource: *",
     "execution role may not read the image"},
    {"CannotPullContainerError: Error response from daemon: pull access denied for app, repository does not "
     "exist or may require 'docker login': denied: requested access to the resource is denied",
     "no such repository, or refuses it"},
    {"CannotPullContainerError: repository 1.dkr.ecr.us-east-1.amazonaws.com/app does not exist or may "
     "require "
     "'docker login'",
     "no such repository, or refuses it"},
    {"CannotPullContainerError: no matching manifest for linux/amd64 in the manifest list entries",
     "another architecture"},
    {"CannotPullContainerError: pull image manifest has been retried 5 time(s): image Manifest does not "
     "contain "
     "descriptor matching platform 'linux/amd64'",
     "another architecture"},
    {"CannotPullContainerError: Error response from daemon: manifest for "
     "1.dkr.ecr.us-east-1.amazonaws.com/app:v2 "
     "not found: manifest unknown: Requested image not found",
     "no image of that tag"},
    {"CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref "
     "\"1.dkr.ecr.us-east-1.amazonaws.com/app:v2\": 1.dkr.ecr.us-east-1.amazonaws.com/app:v2: not found",
     "no image of that tag"},
    {"CannotPullContainerError: Error response from daemon: invalid reference format", "malformed"},
    {"CannotPullImageManifestError: Error response from daemon: registry says something new",
     "could not be pulled"},
    {"CannotPullContainerError: The task can't pull the image. Check whether the image exists.",
     "could not be pulled"},
    {"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
     "failed: "
     "unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send "
     "request "
     "failed caused by: Post \"https://api.ecr.us-east-1.amazonaws.com/\": dial tcp 52.46.146.144:443: i/o "
     "timeout",
     "did not answer in time", true},
    {"ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry "
     "auth "
     "from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network "
     "configuration. RequestCanceled: request context canceled",
     "did not answer in time", true},
    {"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
     "failed: "
     "unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret "
     "from "
     "secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded",
     "did not answer in time", true},
    {"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
     "failed: "
     "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
     "arn:aws:secretsmanager:us-east-1:1:secret:db: AccessDeniedException: User: "
     "arn:aws:sts::1:assumed-role/x is "
     "not authorized to perform: secretsmanager:GetSecretValue",
     "execution role may not read a secret"},
    {"ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : "
     "AccessDeniedException: status code: 400",
     "execution role may not read a secret"},
    {"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
     "failed: "
     "unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the "
     "specified "
     "secret.",
     "secret of the task definition does not exist"},
    {"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
     "failed: "
     "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: "
     "/app/db",
     "parameter of the task definition does not exist"},
    {"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
     "failed: "
     "unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key "
     "password",
     "lacks the key"},
    {"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
     "failed: "
     "unable to retrieve secret from asm: unable to unmarshal: invalid character 'p' looking for beginning "
     "of value",
     "not the JSON"},
    {"ResourceInitializationError: unable to pull secrets or registry auth: something else went wrong",
     "was not got"},
    {"ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
     "failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
     "exist. "
     ": exit status 1",
     "log group does not exist"},
    {"ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon "
     "CloudWatch log "
     "group: log group does not exist",
     "log group does not exist"},
    {"ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
     "AccessDeniedException: User is not authorized to perform: logs:CreateLogStream : exit status 1",
     "may not write the log"},
    {"ResourceInitializationError: failed to validate logger args: RequestError: send request failed caused "
     "by: "
     "Post https://logs.us-east-1.amazonaws.com/: dial tcp: i/o timeout : exit status 1",
     "did not answer in time", true},
    {"CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to "
     "create Cloudwatch log stream: AccessDeniedException",
     "may not write the log"},
    {"CannotStartContainerError: Error response from daemon: failed to initialize logging driver: dial tcp "
     "127.0.0.1:24224: connect: connection refused",
     "log driver could not start"},
    {"ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed "
     "to "
     "resolve \"fs-1.efs.us-east-1.amazonaws.com\" - check that your file system ID is correct",
     "file system could not be mounted"},
    {"ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: "
     "mount.nfs4: "
     "Connection timed out : unsuccessful EFS utils command execution; code: 32",
     "file system could not be mounted"},
    {"ResourceInitializationError: failed to download env files: file download command: non empty error "
     "stream",
     "environment file"},
    {"Timeout waiting for network interface provisioning to complete.", "came too late", true},
    {"Timeout waiting for EphemeralStorage provisioning to complete.", "disk came too late", true},
    {"Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in "
     "subnet 'subnet-1': AuthFailure",
     "in passing", true},
    {"Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': "
     "InsufficientFreeAddressesInSubnet",
     "no free address", true},
    {"Unexpected EC2 error while attempting to Tag Network Interface: UnauthorizedOperation",
     "EC2 refused a network interface"},
    {"Timeout waiting for service discovery registration to complete", "service discovery", true},
    {"Capacity is unavailable at this time. Please try again later or in a different availability zone",
     "no capacity", true},
    {"ResourceInitializationError: unable to bring up the task: dial tcp 10.0.0.1:443: i/o timeout",
     "did not answer in time", true},
    {"ResourceInitializationError: failed to do something that nobody has seen yet", "could not be prepared"},
    {"CannotStartContainerError: Error response from daemon: failed to create task for container: failed to "
     "create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
     "exec: "
     "\"migrate\": executable file not found in $PATH: unknown",
     "no such command"},
    {"CannotStartContainerError: Error response from daemon: OCI runtime create failed: exec: "
     "\"/app/run.sh\": "
     "stat /app/run.sh: no such file or directory: unknown",
     "no such file"},
    {"CannotStartContainerError: Error response from daemon: OCI runtime create failed: exec: "
     "\"/app/run.sh\": "
     "permission denied: unknown",
     "not executable"},
    {"CannotStartContainerError: ResourceInitializationError: failed to start: exec format error",
     "another architecture"},
    {"CannotStartContainerError: Error response from daemon: failed to create task for container: exec "
     "/entrypoint.sh: exec format error: unknown",
     "another architecture"},
    {"CannotStartContainerError: API error (500): driver failed programming external connectivity on "
     "endpoint "
     "ecs-app: Bind for 0.0.0.0:80 failed: port is already allocated",
     "port is in use", true},
    {"CannotStartContainerError: Error response from daemon: cannot set memory", "could not be started"},
    {"CannotCreateContainerError: API error (500): devmapper: Thin Pool has 4350 free data blocks: no space "
     "left "
     "on device",
     "disk is full"},
    {"CannotCreateContainerError: Error response from daemon: Conflict. The container name is already in use",
     "could not be made"},
    {"CannotInspectContainerError: Could not transition to inspecting; timed out after waiting 30s",
     "did not answer", true},
    {"DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s", "did not answer",
     true},
    {"ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 3m0s",
     "did not answer", true},
    {"ContainerRuntimeError: failed to create container IO", "runtime failed", true},
    {"InternalError: failed to create container model: failed to normalize image reference", "ECS failed",
     true},
    {"OutOfMemoryError: Container killed due to memory usage", "memory limit"},
    {"OutOfMemory: container 'app' used more memory than allowed", "memory limit"},
    {"Task failed container health checks", "health check failed"},
    {"Task failed ELB health checks in (target-group "
     "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b)",
     "load balancer's health check"},
    {"Your Spot Task was interrupted.", "taken back", true},
    {"Host EC2 (instance i-0123456789abcdef0) terminated.", "terminated", true},
    {"Host EC2 (instance i-0123456789abcdef0) stopped.", "stopped", true},
    {"ECS is performing maintenance on the underlying infrastructure hosting the task.", "maintenance", true},
    {"Scaling activity initiated by (deployment ecs-svc/1234567890)", "scaled in"},
};

TEST(StopCause, KnowsWhatPeopleHaveSeen) {
  std::ifstream file(FERRY_TEST_DATA "/stop_reasons.tsv");
  int known = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string_view> columns = split(line, '\t');
    ASSERT_EQ(columns.size(), 4U) << line;
    const StopCause* cause = stop_cause_of(columns[3]);
    EXPECT_EQ(cause == nullptr ? "-" : cause->cause, columns[2]) << columns[0] << ": " << columns[3];
    if (cause == nullptr) continue;
    EXPECT_EQ(cause->is_passing ? "yes" : "no", columns[1]) << columns[0] << ": " << columns[3];
    EXPECT_FALSE(cause->next_step.empty()) << columns[3];
    ++known;
  }
  EXPECT_GE(known, 100);
}

TEST(StopCause, KnowsFurtherWordings) {
  for (const Wording& wording : kFurtherWordings) {
    const StopCause* cause = stop_cause_of(wording.reason);
    ASSERT_NE(cause, nullptr) << wording.reason;
    EXPECT_TRUE(cause->cause.contains(wording.cause))
        << wording.reason << "\n  is taken for: " << cause->cause;
    EXPECT_EQ(cause->is_passing, wording.is_passing) << wording.reason;
  }
}

TEST(StopCause, ClaimsToKnowNothingElse) {
  for (const std::string_view reason : {"", "Essential container in task exited", "stopped by a person",
                                        "Flux capacitor 88", "Task stopped by user"})
    EXPECT_EQ(stop_cause_of(reason), nullptr) << reason;
}

}  // namespace
}  // namespace ferry::feature
