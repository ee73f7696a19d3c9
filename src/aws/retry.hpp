// When a failed call is tried again, and after how long. Sans-IO: chance comes in, a delay goes out.
#pragma once

#include "aws/settings.hpp"
#include "base/time.hpp"

#include <optional>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

struct CallLimits {
  int max_attempts = 3;  // in all; throttling, 5xx and connection failures are tried again, with jitter
  milliseconds first_backoff{100};  // doubled per attempt, full jitter
  milliseconds longest_backoff{20'000};
};

// How an attempt failed, as far as repeating it is concerned.
enum class AttemptEnd {
  not_sent,   // no connection: the service cannot have seen it
  throttled,  // the service refused it unseen
  in_doubt,   // the service may have acted: no answer, or one that says it failed itself
  final,      // a refusal, or an answer that nobody understands
};

// Whether a second identical request does no more than the first. Unknown operations are not repeatable.
bool is_repeatable(std::string_view operation, const boost::json::object& input);

class Retries {
 public:
  Retries(CallLimits limits, bool is_repeatable) : limits_(limits), is_repeatable_(is_repeatable) {}

  // After a failed attempt: how long to wait before the next one, or nothing to give up. `chance` is uniform
  // in [0, 1): full jitter keeps many clients from coming back together.
  std::optional<milliseconds> next(AttemptEnd end, double chance);
  [[nodiscard]] int attempts() const { return attempts_; }

 private:
  CallLimits limits_;
  bool is_repeatable_;
  int attempts_ = 0;
};

}  // namespace ferry::aws
