// What a stopped task means: the command's result, or in one line why there is none. Pure, thread-safe.
#pragma once

#include "aws/ecs.hpp"
#include "feature/result.hpp"
#include "feature/run/who_ended.hpp"

#include <string>
#include <string_view>

namespace ferry::feature {

// The result of the chosen container in a task that reached STOPPED. Without an exit code the command is
// never called successful: not_started where the task did not get to run it, unknown otherwise. Exit code 0
// is unknown too where the container may have been told to stop (who_ended.hpp). The explanation is empty for
// a success, and names the container that is the cause; reasons that are not in the table come through as the
// service wrote them.
CommandResult result_of(const aws::ecs::Task& task, const ContainerEnds& ends, const ContainerRoles& roles);

// Of any container of a task that reached STOPPED.
bool never_ran(const aws::ecs::Task& task, std::string_view container);

// What a usual exit code says: 126, 127 and those of signals; empty for others.
std::string_view exit_code_meaning(int code);

// For the result of a task: whether it ended for want of capacity, a spot interruption among them.
bool is_capacity_end(const CommandResult& result);

}  // namespace ferry::feature
