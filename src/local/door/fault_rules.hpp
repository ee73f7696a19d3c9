// The rules of faults as values, and their JSON form. Pure.
//
// {"rules": [...], "seed": 7}: every rule may have "times" (how often it fires; for ever where absent) and
// "probability" (0 to 1); its kind is told by the one member that only this kind has:
//   {"operation": NAME or "*", "error": CODE, "message": TEXT, "delay_ms": N}: calls wait so long, then fail
//     where there is an error.
//   {"failure": REASON, "detail": TEXT, "capacity_provider": NAME}: a task that RunTask should start is
//     listed in the answer's failures[] instead.
//   {"task": FATE, "delay_ms": N, "capacity_provider": NAME}: what becomes of a task that is launched.
//     "network_timeout": no network interface after N ms in PROVISIONING; "pull_failure": no image after N
//     ms in PENDING; "spot_interruption" and "out_of_memory": N ms after its containers began;
//     "no_exit_code": its containers end without one.
//   {"task": "missing", "delay_ms": N}: DescribeTasks does not know a task for N ms after RunTask, or,
//   without
//     delay_ms, for as many times as "times" says.
//   {"log": "late", "delay_ms": N}: a line is ingested so long after its timestamp. "late_stream": a
//     container's stream, with all lines until then, appears so late. "doubled": a line is ingested as two
//     events. "repeated": FilterLogEvents gives an event twice, with one eventId.
//   {"agent": "PENDING" | "STOPPED", "delay_ms": N}: the ExecuteCommandAgent of a container that starts
//     becomes RUNNING after so long (never where delay_ms is absent), or STOPPED after so long.
//   {"session": "cut", "after_bytes": N}: a client's connection to a session ends without a close frame
//     before more than so many bytes were sent to the client.
// A "capacity_provider" restricts a rule to tasks on this provider, or of this launch type where they have no
// provider.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "local/api/operation.hpp"
#include "local/tasks/fates.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::local {

inline constexpr std::size_t kMostFaultRules = 1000;

struct CallFault {
  std::string operation;
  std::optional<ServiceError> error;
  milliseconds delay{0};
};
struct RunFault {
  std::string reason, detail;
  std::string capacity_provider;  // empty for all
};
struct TaskFault {
  TaskFate fate;
  std::string capacity_provider;  // empty for all
};
struct MissingFault {
  std::optional<milliseconds> age;  // younger tasks are missing; nothing for all
};
struct LogFault {
  enum class Kind { late, late_stream, doubled, repeated };
  Kind kind = Kind::late;
  milliseconds delay{0};
};
struct CutFault {
  std::size_t after_bytes = 0;
};

struct FaultRule {
  using Fault = std::variant<CallFault, RunFault, TaskFault, MissingFault, LogFault, AgentFate, CutFault>;
  Fault fault;
  std::optional<std::int64_t> times_left;
  double probability = 1.0;
};

struct FaultRules {
  std::vector<FaultRule> rules;
  std::uint64_t seed = 0;
};

// Failure usage, which names the rule and member: for members of another name or type, values out of range,
// and operations that `is_known` does not know.
Result<FaultRules> parse_fault_rules(const boost::json::object& input,
                                     const std::function<bool(std::string_view)>& is_known);

}  // namespace ferry::local
