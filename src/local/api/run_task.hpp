// RunTask. The answers to a client token are kept in the store, so that a repeated call is recognised after a
// restart too.
#pragma once

#include "local/api/operation.hpp"
#include "local/store/documents.hpp"
#include "local/tasks/task_engine.hpp"

#include <string>

namespace ferry::local {

Operations run_task_operations(Documents& documents, TaskEngine& engine);

}  // namespace ferry::local
