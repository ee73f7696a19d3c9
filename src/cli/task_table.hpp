// Tasks as a table for people and as JSON for programs. Pure.
#pragma once

#include "aws/ecs.hpp"
#include "base/time.hpp"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::cli {

// A line each under a heading: id, status and for how long, definition, who it belongs to, containers.
std::string task_table(const std::vector<aws::ecs::Task>& tasks, WallTime now);

// {"task", "cluster", "status", "desired_status", "definition", "group", "started_by", "containers":
// [{"name", "status", "exit_code", "reason"}], "created_at", "started_at", "stopped_at", "stop_code",
// "stopped_reason"}; what is not known is null.
boost::json::object task_json(const aws::ecs::Task& task);

// "45s", "12m", "3h", "2d": the largest unit alone.
std::string rough_duration(milliseconds duration);

}  // namespace ferry::cli
