// The AWS CLI's shorthand syntax for structures, `a={b=[c,d],e=f},g=h`, as JSON. Pure, thread-safe.
#pragma once

#include "base/result.hpp"

#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::feature {

// Values are strings ('...' and "..." quoted where they hold separators, backslash escapes inside), lists
// `[x,y]` or `x,y` (the latter outside braces only), and structures `{k=v,...}`. The grammar is that of the
// AWS CLI's user guide, without its file references (`k@=file://...`).
// Fails (usage, with the position) on anything else, on a key given twice, above 64 KiB and below 16 levels.
Result<boost::json::object> parse_shorthand(std::string_view text);

}  // namespace ferry::feature
