// Faults on request: rules that make operations fail or wait, so that callers can be tested.
// Owns the rules and their random numbers: the same seed and calls give the same faults. The loop's thread
// only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "local/api/operation.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::local {

class Faults {
 public:
  // Replaces the rules by {"rules": [...], "seed": 7}. A rule: "operation" (a name, or "*" for all), "error"
  // (any code; without it the rule only delays), "message", "times" (how often it fires; for ever where
  // absent), "probability" (0 to 1), "delay_ms". Failure usage, which names the rule and member, and nothing
  // is replaced: for members of another name or type, values out of range, and operations that `is_known`
  // does not know.
  Result<> replace(const boost::json::object& input, const std::function<bool(std::string_view)>& is_known);
  void clear();

  // What is to happen to a call: wait so long, then fail with `error` if there is one. Rules fire in their
  // order: delays add up until the first error.
  struct Verdict {
    milliseconds delay{0};
    std::optional<ServiceError> error;
  };
  Verdict decide(std::string_view operation);

 private:
  struct Rule {
    std::string operation;
    std::optional<ServiceError> error;
    std::optional<std::int64_t> times_left;
    double probability = 1.0;
    milliseconds delay{0};
  };
  static Result<Rule> parse_rule(const boost::json::value& value,
                                 const std::function<bool(std::string_view)>& is_known);

  std::vector<Rule> rules_;
  std::mt19937_64 random_;
};

}  // namespace ferry::local
