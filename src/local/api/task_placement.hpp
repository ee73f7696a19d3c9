// Where and how a task or a service's tasks are to run: launch type, capacity providers, platform version,
// network, exec. The checks that RunTask, CreateService and UpdateService share, in the service's words where
// they are known. Pure.
#pragma once

#include "local/api/operation.hpp"
#include "local/api/task_definition_operations.hpp"
#include "local/store/documents.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

// The shape (shape.hpp) of `networkConfiguration` and of `capacityProviderStrategy`.
inline constexpr std::string_view kNetworkShape =
    R"({"awsvpcConfiguration": {"subnets": ["string"], "securityGroups": ["string"], "assignPublicIp": "string"}})";
inline constexpr std::string_view kStrategyShape =
    R"([{"capacityProvider": "string", "weight": "integer", "base": "integer"}])";

struct Placement {
  std::string launch_type;        // FARGATE | EC2 | EXTERNAL
  std::string capacity_provider;  // FARGATE | FARGATE_SPOT; may be empty
  std::string platform_version;   // of Fargate: never LATEST
};

// `input` has launchType, capacityProviderStrategy, platformVersion and networkConfiguration as the API takes
// them. Where it names neither launch type nor strategy, the task runs where its definition can: as in a
// cluster whose default strategy fits.
tl::expected<Placement, ServiceError> place(const boost::json::object& input,
                                            const boost::json::object& task_definition);

// The definition that a request's taskDefinition names, if tasks may be started from it: not found is a
// ClientException, inactive an InvalidParameterException.
tl::expected<TaskDefinitionRecord, ServiceError> startable_definition(const Documents& documents,
                                                                      std::string_view reference);

}  // namespace ferry::local
