// DescribeTasks, ListTasks and StopTask, and the look-up of a task that other operations need.
#pragma once

#include "local/api/operation.hpp"
#include "local/store/documents.hpp"
#include "local/tasks/task_engine.hpp"

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

Operations task_operations(Documents& documents, TaskEngine& engine, std::string region);

// The document of the task that a request's `task` member means (id or ARN) in the cluster named `cluster`,
// or InvalidParameterException. The service knows only whole ids.
Answer find_task(const Documents& documents, std::string_view region, std::string_view cluster,
                 std::string_view reference);

}  // namespace ferry::local
