// Calls that are made again while the service says "slow down", or is not reached: what a user asked for is
// not given up because an account's rate was used up for some seconds. Bounded by the time that the caller
// gives. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace ferry::feature {

struct Patience {
  milliseconds limit;                        // no further call begins after that time
  net::Event& given_up;                      // set: no further call
  bool (*may_pass)(const Failure& failure);  // whether the same call may succeed later, and does no harm
};

inline bool was_throttled(const Failure& failure) {
  return failure.code == FailureCode::throttled;
}

namespace detail {

// Half of `longest` to all of it, so that those who were throttled together do not come back together.
inline milliseconds with_jitter(milliseconds longest) {
  constexpr int kShares = 256;
  return longest / 2 + longest * sys::random_bytes(1).front() / kShares / 2;
}

}  // namespace detail

// The last call's answer. `call` outlives the task.
template <class T>
net::Task<Result<T>> patiently(Patience patience, std::function<net::Task<Result<T>>()> call) {
  constexpr milliseconds kLongestPause{16'000};
  const Instant deadline = net::steady_now() + patience.limit;
  milliseconds pause{1'000};
  while (true) {
    Result<T> answer = co_await call();
    if (answer || !patience.may_pass(answer.error())) co_return answer;
    const Instant next = net::steady_now() + detail::with_jitter(pause);
    if (next >= deadline) co_return answer;
    const bool is_over = co_await patience.given_up.wait_until(next);
    if (is_over) co_return answer;
    pause = std::min(2 * pause, kLongestPause);
  }
}

}  // namespace ferry::feature
