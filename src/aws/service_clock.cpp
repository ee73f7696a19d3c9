#include "aws/service_clock.hpp"

#include <algorithm>
#include <array>

namespace ferry::aws {

bool ServiceClock::follow(std::string_view service_code, std::string_view date_header, WallTime here) {
  constexpr std::array<std::string_view, 6> kBlamesTime{"RequestTimeTooSkewed",  "RequestExpired",
                                                        "RequestInTheFuture",    "AuthFailure",
                                                        "SignatureDoesNotMatch", "InvalidSignatureException"};
  if (std::ranges::find(kBlamesTime, service_code) == kBlamesTime.end()) return false;
  const std::optional<WallTime> there = parse_http_date(date_header);
  constexpr std::chrono::minutes kTolerated{4};
  if (!there || std::chrono::abs(*there - time(here)) <= kTolerated) return false;
  offset_ = *there - here;
  return true;
}

}  // namespace ferry::aws
