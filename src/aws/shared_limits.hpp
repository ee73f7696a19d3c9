// What calls share however many clients, loops and threads make them: AWS counts an account's calls, not a
// client's. Thread-safe.
#pragma once

#include "aws/rate_limits.hpp"
#include "aws/retry.hpp"

namespace ferry::aws {

struct SharedLimits {
  RateLimits rates;
  RetryQuota retry_quota;
};

}  // namespace ferry::aws
