// Time as the cores see it: handed in from outside, never read from a clock.
#pragma once

#include <chrono>
#include <string>

namespace ferry {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A point on a clock that never jumps; its origin means nothing.
using Instant = std::chrono::time_point<std::chrono::steady_clock, milliseconds>;

// A point on the calendar, UTC.
using WallTime = std::chrono::sys_time<milliseconds>;

// "2026-11-23T18:19:36.250Z"
std::string rfc3339(WallTime time);

}  // namespace ferry
