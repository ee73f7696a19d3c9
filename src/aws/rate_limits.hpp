// How fast calls may go: AWS's throttling buckets, which a whole account shares, deployments too, and of
// which ferry takes a part.
// Sans-IO: time comes in, the time to go comes out. Not thread-safe.
#pragma once

#include "aws/settings.hpp"
#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

class RateLimits {
 public:
  // `share` of each bucket: above 0, at most 1.
  explicit RateLimits(double share) : share_(share) {}

  // When the call that is now to be made may go: `now`, or later. Its place is taken with that, whether it
  // goes or not. Operations in no bucket always go at once.
  Instant reserve(Service service, std::string_view operation, const boost::json::object& input, Instant now);

  static constexpr std::size_t kBuckets = 9;

 private:
  struct Level {
    double tokens = 0;
    Instant at;
    bool is_used = false;  // until then it is full
  };

  Instant take(std::size_t bucket, double tokens, Instant now);

  double share_;
  std::array<Level, kBuckets> levels_;
};

}  // namespace ferry::aws
