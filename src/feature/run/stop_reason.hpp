// What a stopped task means: the command's result, or in one line why there is none. Pure, thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "feature/result.hpp"

#include <string>
#include <string_view>

namespace ferry::feature {

// The result of `container` in a task that reached STOPPED. Without an exit code the command is never called
// successful: not_started where the task did not get to run it, unknown otherwise. The explanation is empty
// for exit code 0; reasons that are not in the table come through as the service wrote them.
CommandResult result_of(const aws::ecs::Task& task, std::string_view container);

// What a usual exit code says: 126, 127 and those of signals; empty for others.
std::string_view exit_code_meaning(int code);

// For the result of a task: whether it ended for want of capacity, a spot interruption among them.
bool is_capacity_end(const CommandResult& result);

}  // namespace ferry::feature
