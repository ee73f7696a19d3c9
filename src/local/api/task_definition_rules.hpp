// What ECS demands of a task definition before it registers it. Pure.
// Left out are its demands of what nothing here uses: a container's memory where the task has none, and the
// execution role of Fargate tasks.
#pragma once

#include "local/api/operation.hpp"

#include <optional>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

// The form of RegisterTaskDefinition's input (local/api/shape.hpp).
extern const std::string_view kTaskDefinitionShape;

// The first rule that `input` breaks, in the service's words, as a ClientException.
std::optional<ServiceError> wrong_task_definition(const boost::json::object& input);

// A task's cpu in CPU units ("256", "1 vCPU", ".5 vcpu") and memory in MiB ("512", "1GB", "1 GB"); nothing
// for any other text.
std::optional<std::int64_t> task_cpu_units(std::string_view text);
std::optional<std::int64_t> task_memory_mib(std::string_view text);

}  // namespace ferry::local
