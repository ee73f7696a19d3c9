// When a failed call is tried again, and after how long. Sans-IO: chance comes in, a delay goes out.
#pragma once

#include "aws/settings.hpp"
#include "base/time.hpp"

#include <mutex>
#include <optional>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

struct CallLimits {
  int max_attempts = 3;  // in all; throttling, 5xx and connection failures are tried again, with jitter
  // Before the second attempt at most so long, doubled for each further one.
  milliseconds first_backoff{50};
  milliseconds first_backoff_if_throttled{1'000};
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

// What all calls together may spend on second attempts, so that a service in trouble is not kept there: the
// SDKs' "standard" mode, with its numbers. Thread-safe.
class RetryQuota {
 public:
  // False where there are not so many left.
  bool take(int tokens);
  void give_back(int tokens);

 private:
  static constexpr int kFull = 500;
  std::mutex mutex_;
  int tokens_ = kFull;
};

class Retries {
 public:
  // The quota is shared and must outlive it.
  Retries(CallLimits limits, bool is_repeatable, RetryQuota& quota)
      : limits_(limits), is_repeatable_(is_repeatable), quota_(quota) {}

  // After a failed attempt: how long to wait before the next one, or nothing to give up. `chance` is uniform
  // in [0, 1): full jitter keeps many clients from coming back together. Not less than `at_least`, which the
  // service has asked for, but never more than the longest back-off.
  std::optional<milliseconds> next(AttemptEnd end, double chance, milliseconds at_least = milliseconds(0));
  void succeeded() { quota_.give_back(cost_); }
  [[nodiscard]] int attempts() const { return attempts_; }  // failed ones

 private:
  CallLimits limits_;
  bool is_repeatable_;
  RetryQuota& quota_;
  int attempts_ = 0;
  int cost_ = 1;  // what comes back with success: the last second attempt's, or this for having needed none
};

}  // namespace ferry::aws
