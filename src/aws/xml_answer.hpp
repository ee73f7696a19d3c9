// An XML answer of a query-protocol service (STS, IAM, EC2) as JSON: as much XML as those answers have.
// Elements with children become objects, lists ("member", in EC2 "item") become arrays, all else text;
// attributes and comments are dropped. Pure; bounded by the text and a depth of 32.
#pragma once

#include "base/result.hpp"

#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

// {"GetCallerIdentityResponse": {"GetCallerIdentityResult": {...}, ...}}. Failure: protocol.
Result<boost::json::object> parse_xml_answer(std::string_view text);

}  // namespace ferry::aws
