// Reading a JSON object that a peer sent: members of the wrong type count as missing, nothing throws.
// Pure, thread-safe; nesting is bounded by Boost.JSON's default of 32.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace ferry::wire {

// `what` names the text in the failure: "the handshake request is not a JSON object".
Result<boost::json::object> parse_object(std::string_view text, std::string_view what);

// The same of text that holds keys: the object's memory is wiped when it is given back.
Result<boost::json::object> parse_secret_object(std::string_view text, std::string_view what);

// The member's text, empty where it is missing.
std::string text_member(const boost::json::object& object, std::string_view name);
// A number that is an integer in the range of int64, however it is written.
std::optional<std::int64_t> integer_member(const boost::json::object& object, std::string_view name);
// Null where it is missing; lives as long as `object`.
const boost::json::array* array_member(const boost::json::object& object, std::string_view name);
const boost::json::object* object_member(const boost::json::object& object, std::string_view name);

}  // namespace ferry::wire
