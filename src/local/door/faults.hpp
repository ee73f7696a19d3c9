// Faults on request: rules that make operations fail or wait, exec agents late and session connections end,
// so that callers can be tested. Owns the rules and their random numbers: the same seed and calls give the
// same faults. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "local/api/operation.hpp"
#include "local/tasks/agent_fate.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::local {

// What a rule does, by its kind.
struct CallFault {
  std::string operation;
  std::optional<ServiceError> error;
  milliseconds delay{0};
};
struct CutFault {
  std::size_t after_bytes = 0;
};

class Faults {
 public:
  // Replaces the rules by {"rules": [...], "seed": 7}. A rule: "operation" (a name, or "*" for all), "error"
  // (any code; without it the rule only delays), "message", "times" (how often it fires; for ever where
  // absent), "probability" (0 to 1), "delay_ms". Failure usage, which names the rule and member, and nothing
  // is replaced: for members of another name or type, values out of range, and operations that `is_known`
  // does not know. Two more kinds of rules name something else than an operation, and take "times" and
  // "probability" too:
  //   {"agent": "PENDING" | "STOPPED", "delay_ms": N}: the ExecuteCommandAgent of a container that starts
  //     becomes RUNNING after so long (never where delay_ms is absent), or STOPPED after so long;
  //   {"session": "cut", "after_bytes": N}: a client's connection to a session ends without a close frame
  //     before more than so many bytes were sent to the client.
  Result<> replace(const boost::json::object& input, const std::function<bool(std::string_view)>& is_known);
  void clear();

  // What is to happen to a call: wait so long, then fail with `error` if there is one. Rules fire in their
  // order: delays add up until the first error.
  struct Verdict {
    milliseconds delay{0};
    std::optional<ServiceError> error;
  };
  Verdict decide(std::string_view operation);

  // What is to happen to the exec agent of a container that starts.
  AgentFate decide_agent();
  // After how many bytes a client's new connection is to be cut.
  std::optional<std::size_t> decide_cut();

 private:
  struct Rule {
    std::variant<CallFault, AgentFate, CutFault> fault;
    std::optional<std::int64_t> times_left;
    double probability = 1.0;
  };
  static Result<Rule> parse_rule(const boost::json::value& value,
                                 const std::function<bool(std::string_view)>& is_known);
  // Whether a rule that fits is left and has the luck to fire; counts it.
  bool fires(Rule& rule);

  std::vector<Rule> rules_;
  std::mt19937_64 random_;
};

}  // namespace ferry::local
