// What a stopped task means: the command's result, or in one line why there is none. Pure, thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/result.hpp"

#include <string>
#include <string_view>

namespace ferry::feature {

// The result of `container` in a task that reached STOPPED. Without an exit code the command is never called
// successful: not_started where the task did not get to run it, unknown otherwise. The explanation is empty
// for exit code 0; reasons that are not in the table come through as the service wrote them.
CommandResult result_of(const aws::ecs::Task& task, std::string_view container);

// Why RunTask placed nothing, from an element of its failures[].
std::string explain_placement(const aws::ecs::ServiceFailure& failure);

// For a failure of RunTask whose service_code is such an element's reason, or the name of an error: whether
// there is no room at the moment, and whether what stood in the way may pass by itself.
bool is_capacity_failure(const Failure& failure);
bool is_passing_placement(const Failure& failure);

// For the result of a task: whether it ended for want of capacity, a spot interruption among them.
bool is_capacity_end(const CommandResult& result);

}  // namespace ferry::feature
