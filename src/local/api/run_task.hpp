// RunTask. The answers to a client token are kept in the store, so that a repeated call is recognised after a
// restart too.
#pragma once

#include "local/api/operation.hpp"
#include "local/store/documents.hpp"
#include "local/tasks/task_engine.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

// Why a task cannot be placed on a capacity (a provider, or a launch type): an entry of failures[]; nothing
// where it can.
using RunRefusals = std::function<std::optional<boost::json::object>(std::string_view capacity)>;

Operations run_task_operations(
    Documents& documents, TaskEngine& engine,
    RunRefusals refusals = [](std::string_view) { return std::optional<boost::json::object>(); });

}  // namespace ferry::local
