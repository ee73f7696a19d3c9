// The clocks of this machine. wire/ takes its time as an argument; the shells read it here.
#pragma once

#include "base/time.hpp"

namespace ferry::net {

Instant steady_now();
WallTime wall_now();

}  // namespace ferry::net
