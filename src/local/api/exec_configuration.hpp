// A cluster's executeCommandConfiguration: the check of what CreateCluster and UpdateCluster are given, and
// what it means for one session. Pure, thread-safe.
#pragma once

#include "local/api/operation.hpp"

#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace ferry::local {

// The refusal of an input whose configuration.executeCommandConfiguration is wrong: `logging` is NONE,
// DEFAULT or OVERRIDE, and a logConfiguration is there exactly where it is OVERRIDE.
std::optional<ServiceError> wrong_exec_configuration(const boost::json::object& input);

struct ExecPolicy {
  std::string kms_key_id;  // empty: sessions are not encrypted by a key
  std::string log_group;   // where what a session prints is logged; empty: nowhere
};

// `cluster` as it is stored. DEFAULT, also where nothing was set, means the awslogs group of the container's
// definition if it has one. A bucket is accepted and written to by nobody: there is no S3 here.
ExecPolicy exec_policy(const boost::json::object& cluster, const boost::json::object& container_definition);

}  // namespace ferry::local
