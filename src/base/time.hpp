// Time as the cores see it: handed in from outside, never read from a clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ferry {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A point on a clock that never jumps; its origin means nothing.
using Instant = std::chrono::time_point<std::chrono::steady_clock, milliseconds>;

// A point on the calendar, UTC.
using WallTime = std::chrono::sys_time<milliseconds>;

// As AWS writes times: seconds since 1970, with a fraction. Rounded to milliseconds.
WallTime wall_time(double seconds_since_1970);
// "2026-11-23T18:19:36.250Z"
std::string rfc3339(WallTime time);
// "2026-11-23T18:19:36Z", with or without a fraction; the zone is Z, UTC, +hh:mm or +hhmm. Nothing for other
// text.
std::optional<WallTime> parse_rfc3339(std::string_view text);
// The form that HTTP's Date header has: "Mon, 23 Nov 2026 18:19:36 GMT" (RFC 9110, 5.6.7).
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace ferry
