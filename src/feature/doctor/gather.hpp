// Asks the services for what the doctor has to know. Reads only; every call but the first to ECS is optional:
// a denied one leaves a Failure in the facts. Some twenty calls at most where everything can be read.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "feature/doctor/facts.hpp"

#include <string>

namespace ferry::feature {

struct DoctorRequest {
  Target target;
  std::string task_definition;  // set where the target is a task definition (family:revision or its ARN)
  std::string container;        // empty for all
  std::string profile;          // as the command line names it, for the lines of the fixes; may be empty
};

// "family:revision" and the ARNs of task definitions beside what parse_target() takes. Failure `usage`.
Result<DoctorRequest> parse_doctor_target(std::string_view text, std::string_view cluster);

// Failure only where ECS itself cannot be asked (no connection, credentials that it does not know) or a
// prefix fits several tasks (ambiguous).
net::Task<Result<Facts>> gather(aws::Client& client, DoctorRequest request);

// gather_iam.cpp. The role with its documents; service_code NoSuchEntity where it is not there.
net::Task<Result<RoleFacts>> read_role(aws::Client& client, std::string arn);
net::Task<Result<CallerFacts>> read_caller(aws::Client& client, std::string task_or_cluster_arn,
                                           std::string kms_key);

// gather_network.cpp. What an interface has, and what surrounds one in `subnet`.
net::Task<Result<VpcPlacement>> read_interface(aws::Client& client, std::string interface);
net::Task<Result<NetworkFacts>> read_network(aws::Client& client, std::string subnet, VpcPlacement placement);

}  // namespace ferry::feature
