// How fast calls may go: AWS's throttling buckets, which all work of an account in a region shares,
// deployments too, and of which ferry takes a part. Sans-IO: time comes in, the time to go comes out. Bounded
// by the number of regions. Thread-safe.
#pragma once

#include "aws/settings.hpp"
#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

// Whose buckets a call takes from, and how much of each is ferry's.
struct RateShare {
  std::string_view region;
  double part = 1;  // above 0, at most 1
};

class RateLimits {
 public:
  // When the call that is now to be made may go: `now`, or later. Its place is taken with that, whether it
  // goes or not. Operations in no bucket always go at once.
  Instant reserve(RateShare share, Service service, std::string_view operation,
                  const boost::json::object& input, Instant now);

  static constexpr std::size_t kBuckets = 10;

 private:
  struct Level {
    double tokens = 0;
    Instant at;
    bool is_used = false;  // until then it is full
  };
  using Levels = std::array<Level, kBuckets>;

  static Instant take(Levels& levels, std::size_t bucket, double part, double tokens, Instant now);

  std::mutex mutex_;
  std::map<std::string, Levels, std::less<>> levels_;  // by region
};

}  // namespace ferry::aws
