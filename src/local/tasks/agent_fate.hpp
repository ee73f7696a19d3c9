// What becomes of the ExecuteCommandAgent of a container that has started.
#pragma once

#include "base/time.hpp"

#include <functional>
#include <optional>

namespace ferry::local {

struct AgentFate {
  bool is_stopped = false;               // at last, instead of RUNNING
  std::optional<milliseconds> delay{0};  // until then it is PENDING; none: for ever
};

// Asked once for each container; the default is RUNNING at once.
using AgentFates = std::function<AgentFate()>;

}  // namespace ferry::local
