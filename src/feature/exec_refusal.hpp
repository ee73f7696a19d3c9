// What a call that failed before a command could start tells about trying again.
// Pure; thread-safe.
#pragma once

#include "base/failure.hpp"

#include <optional>

namespace ferry::feature {

// Whether the same exec may succeed later; nothing where the failure does not tell.
std::optional<bool> may_succeed_later(const Failure& failure);

}  // namespace ferry::feature
