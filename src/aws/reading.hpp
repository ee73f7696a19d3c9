// Which operations change nothing. Pure.
#pragma once

#include <string_view>

namespace ferry::aws {

// By its name; unknown ones do not read.
bool is_reading(std::string_view operation);

}  // namespace ferry::aws
