// What stored documents need beyond the reading of plain members (local/api/input.hpp): sizes that may be
// written as text, named entries, timestamps. Pure, thread-safe.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace ferry::local {

// A number, also one in a string ("256"), as task sizes are written.
std::optional<std::int64_t> number_in(const boost::json::object& object, std::string_view member);

// Of an array of objects, the one whose `name` is `name`; null if there is none.
boost::json::object* named(boost::json::array& objects, std::string_view name);
const boost::json::object* named(const boost::json::array& objects, std::string_view name);

// The wire's timestamp: seconds since 1970 with the milliseconds as fraction.
double epoch_seconds(WallTime time);
// The timestamp in a member; 0 where there is none.
double seconds_in(const boost::json::object& object, std::string_view member);

}  // namespace ferry::local
