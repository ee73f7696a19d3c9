// The process environment. Reading it is thread-safe for as long as nobody changes it; ferry never does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferry::sys {

// The variable's value, or nothing where it is not set.
std::optional<std::string> environment_variable(std::string_view name);

}  // namespace ferry::sys
