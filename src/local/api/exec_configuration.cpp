#include "local/api/exec_configuration.hpp"

#include "local/api/input.hpp"

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kDefault = "DEFAULT";
constexpr std::string_view kOverride = "OVERRIDE";
constexpr std::string_view kNone = "NONE";

const json::object& exec_configuration_in(const json::object& holder) {
  return structure_of(structure_of(holder, "configuration"), "executeCommandConfiguration");
}

}  // namespace

std::optional<ServiceError> wrong_exec_configuration(const json::object& input) {
  const json::object& configuration = exec_configuration_in(input);
  const std::string logging = find_text(configuration, "logging").value_or(std::string(kDefault));
  if (logging != kDefault && logging != kOverride && logging != kNone) {
    return invalid_parameter(fmt::format("Invalid value '{}' for executeCommandConfiguration.logging. Valid "
                                         "values are [NONE, DEFAULT, OVERRIDE].",
                                         logging))
        .value();
  }
  const json::object& log = structure_of(configuration, "logConfiguration");
  const bool names_place =
      !text_of(log, "cloudWatchLogGroupName").empty() || !text_of(log, "s3BucketName").empty();
  if (logging == kOverride && !names_place) {
    return invalid_parameter(
               "executeCommandConfiguration.logConfiguration must name a cloudWatchLogGroupName or an "
               "s3BucketName when logging is OVERRIDE.")
        .value();
  }
  if (logging != kOverride && configuration.contains("logConfiguration")) {
    return invalid_parameter(
               "executeCommandConfiguration.logConfiguration can only be specified when logging is OVERRIDE.")
        .value();
  }
  return std::nullopt;
}

ExecPolicy exec_policy(const json::object& cluster, const json::object& container_definition) {
  const json::object& configuration = exec_configuration_in(cluster);
  ExecPolicy policy;
  policy.kms_key_id = text_of(configuration, "kmsKeyId");
  const std::string logging = text_of(configuration, "logging");
  if (logging == kNone) return policy;
  if (logging == kOverride) {
    policy.log_group = text_of(structure_of(configuration, "logConfiguration"), "cloudWatchLogGroupName");
    return policy;
  }
  const json::object& own_log = structure_of(container_definition, "logConfiguration");
  if (text_of(own_log, "logDriver") == "awslogs")
    policy.log_group = text_of(structure_of(own_log, "options"), "awslogs-group");
  return policy;
}

}  // namespace ferry::local
