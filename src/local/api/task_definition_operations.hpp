// RegisterTaskDefinition, DescribeTaskDefinition, ListTaskDefinitions, ListTaskDefinitionFamilies and
// DeregisterTaskDefinition, and the look-up that RunTask and services need.
#pragma once

#include "local/api/operation.hpp"
#include "local/store/documents.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace ferry::local {

Operations task_definition_operations(Documents& documents, std::string region);

struct TaskDefinitionRecord {
  boost::json::object definition;  // as DescribeTaskDefinition shows it, with ARN, revision and status
  boost::json::array tags;
};

// By FAMILY (its latest ACTIVE revision), FAMILY:REVISION or ARN; INACTIVE ones are found where they are
// named with their revision.
std::optional<TaskDefinitionRecord> find_task_definition(const Documents& documents,
                                                         std::string_view reference);

}  // namespace ferry::local
