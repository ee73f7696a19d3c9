// How long a message takes to be acknowledged, and so how long to wait before it is sent again.
// A small value, as in RFC 6298 with our own bounds; not thread-safe.
#pragma once

#include "base/time.hpp"

namespace ferry::wire {

class RoundTrip {
 public:
  static constexpr milliseconds min_wait{200};
  static constexpr milliseconds max_wait{5'000};

  // From a message that was sent once only: of a resent one nobody knows which copy was answered.
  void sample(milliseconds measured);
  // An acknowledgement came only after a message had been backed off to `wait`: until a sample says
  // otherwise new messages wait as long.
  void backed_off_to(milliseconds wait);

  // The wait before a resend, doubled `back_off` times; always within the bounds.
  [[nodiscard]] milliseconds wait(int back_off) const;

 private:
  milliseconds smoothed_{100};
  milliseconds variation_{0};
  milliseconds base_wait_ = min_wait;
};

}  // namespace ferry::wire
