// An XML answer of a query-protocol service (STS) as JSON: as much XML as those answers have. Elements with
// children become objects, "member" lists become arrays, all else text; attributes and comments are dropped.
// Pure; bounded by the text and a depth of 32.
#pragma once

#include "base/result.hpp"

#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

// {"GetCallerIdentityResponse": {"GetCallerIdentityResult": {...}, ...}}. Failure: protocol.
Result<boost::json::object> parse_xml_answer(std::string_view text);

}  // namespace ferry::aws
