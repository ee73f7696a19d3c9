// RunTask's `overrides`: their shape and what the service refuses about them. Pure.
#pragma once

#include "local/api/operation.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

inline constexpr std::size_t kMostOverrideCharacters = 8192;

inline constexpr std::string_view kOverridesShape = R"({
  "containerOverrides": [{"name": "string", "command": ["string"],
                          "environment": [{"name": "string", "value": "string"}],
                          "environmentFiles": [{"value": "string", "type": "string"}],
                          "cpu": "integer", "memory": "integer", "memoryReservation": "integer",
                          "resourceRequirements": [{"value": "string", "type": "string"}]}],
  "cpu": "string", "memory": "string", "executionRoleArn": "string", "taskRoleArn": "string",
  "ephemeralStorage": {"sizeInGiB": "integer"}})";

std::optional<ServiceError> wrong_overrides(const boost::json::object& overrides,
                                            const boost::json::object& task_definition);

}  // namespace ferry::local
