// What fault rules want to become of tasks, of their exec agents and of the lines they log. Asked once for
// each; the default is that nothing happens to them.
#pragma once

#include "base/time.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace ferry::local {

// Of the ExecuteCommandAgent of a container that has started.
struct AgentFate {
  bool is_stopped = false;               // at last, instead of RUNNING
  std::optional<milliseconds> delay{0};  // until then it is PENDING; none: for ever
};

struct TaskFate {
  enum class Kind { none, network_timeout, pull_failure, spot_interruption, out_of_memory, no_exit_code };
  Kind kind = Kind::none;
  // Before it meets its fate: in PROVISIONING, in PENDING, or after its containers were let go.
  milliseconds delay{0};
};

// Of one line that a container prints.
struct LineFate {
  milliseconds delay{0};    // from its timestamp to its ingestion
  bool is_doubled = false;  // ingested twice, as two events
};

struct Fates {
  std::function<AgentFate()> agent = [] { return AgentFate(); };
  // `capacity` is the task's capacity provider, or its launch type where it has none.
  std::function<TaskFate(std::string_view capacity)> task = [](std::string_view) { return TaskFate(); };
  std::function<LineFate()> line = [] { return LineFate(); };
  // How late a container's log stream appears.
  std::function<milliseconds()> stream = [] { return milliseconds(0); };
};

}  // namespace ferry::local
