// The services' time: this machine's, set right where a service has refused it.
// Sans-IO: this machine's time comes in. Not thread-safe.
#pragma once

#include "base/time.hpp"

#include <string_view>

namespace ferry::aws {

class ServiceClock {
 public:
  [[nodiscard]] WallTime time(WallTime here) const { return here + offset_; }

  // After a refusal: true where `service_code` blames the time or the signature, and the answer's Date header
  // is more than four minutes away from time(here). Then time() follows that Date from now on, and the same
  // request, signed anew, is worth another attempt. (Services take signatures of up to five minutes off.)
  bool follow(std::string_view service_code, std::string_view date_header, WallTime here);

 private:
  milliseconds offset_{0};
};

}  // namespace ferry::aws
