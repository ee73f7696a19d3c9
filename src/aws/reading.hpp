// What operations do to the account, by their names. Pure.
#pragma once

#include <string_view>

namespace ferry::aws {

// Changes nothing; unknown ones do not read.
bool is_reading(std::string_view operation);
// What it leaves behind outlasts the call: RunTask, StartTask, ExecuteCommand, RegisterTaskDefinition.
bool starts_something(std::string_view operation);

}  // namespace ferry::aws
