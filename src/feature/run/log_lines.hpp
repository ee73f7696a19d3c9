// A log event as it is shown. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ferry::feature {

// The message with a line end behind it; each of its lines begins with `owner`. Bytes are left as they are.
std::string log_lines(std::string_view owner, std::string_view message);

}  // namespace ferry::feature
