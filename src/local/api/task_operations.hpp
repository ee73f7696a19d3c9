// DescribeTasks, ListTasks and StopTask, and the look-up of a task that other operations need.
#pragma once

#include "base/time.hpp"
#include "local/api/operation.hpp"
#include "local/store/documents.hpp"
#include "local/tasks/task_engine.hpp"

#include <functional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

// `hides` tells whether DescribeTasks is not to know a task of this age.
Operations task_operations(
    Documents& documents, TaskEngine& engine, std::string region,
    std::function<bool(milliseconds age)> hides = [](milliseconds) { return false; });

// The document of the task that a request's `task` member means (id or ARN) in the cluster named `cluster`,
// or InvalidParameterException. The service knows only whole ids.
Answer find_task(const Documents& documents, std::string_view region, std::string_view cluster,
                 std::string_view reference);

}  // namespace ferry::local
