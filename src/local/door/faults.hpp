// Faults on request: rules (fault_rules.hpp has their kinds and JSON form) that make operations fail or wait,
// tasks end in unusual ways, lines late, exec agents late and session connections end, so that callers can be
// tested. Owns the rules and their random numbers: the same seed and calls give the same faults. Bounded by
// kMostFaultRules. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "local/door/fault_rules.hpp"
#include "local/tasks/fates.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::local {

class Faults {
 public:
  // Replaces the rules; nothing is replaced where parse_fault_rules() fails.
  Result<> replace(const boost::json::object& input, const std::function<bool(std::string_view)>& is_known);
  void clear();

  // What is to happen to a call: wait so long, then fail with `error` if there is one. Rules fire in their
  // order: delays add up until the first error.
  struct Verdict {
    milliseconds delay{0};
    std::optional<ServiceError> error;
  };
  Verdict decide(std::string_view operation);

  // What is to happen to something that begins now: by the first rule that fits and fires.
  // `capacity` is a task's capacity provider, or its launch type where it has none.
  std::optional<RunFault> decide_run(std::string_view capacity);
  TaskFate decide_task(std::string_view capacity);
  LineFate decide_line();
  milliseconds decide_stream();
  AgentFate decide_agent();
  // Whether DescribeTasks is not to know a task of this age.
  bool decide_missing(milliseconds age);
  // Whether FilterLogEvents is to give an event twice.
  bool decide_repeated();
  // After how many bytes a client's new connection is to be cut.
  std::optional<std::size_t> decide_cut();

  // The same as functions, for as long as this lives.
  Fates fates();

 private:
  // The fault of the first rule of its kind that fits and fires.
  template <class Fault, class Fits>
  const Fault* first(const Fits& fits);
  // Whether a rule that fits is left and has the luck to fire; counts it.
  bool fires(FaultRule& rule);

  std::vector<FaultRule> rules_;
  std::mt19937_64 random_;
};

}  // namespace ferry::local
