// Members of an answer that may be absent or of another type than expected: then they are empty.
// Foreign JSON never throws here. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::aws {

std::string text_in(const boost::json::object& object, std::string_view name);
bool flag_in(const boost::json::object& object, std::string_view name, bool otherwise);
std::optional<std::int64_t> integer_in(const boost::json::object& object, std::string_view name);
std::optional<double> number_in(const boost::json::object& object, std::string_view name);
// Null where it is absent.
const boost::json::object* object_in(const boost::json::object& object, std::string_view name);
// The objects of a list; others are left out.
std::vector<const boost::json::object*> objects_in(const boost::json::object& object, std::string_view name);
// The strings of a list; others are left out.
std::vector<std::string> texts_in(const boost::json::object& object, std::string_view name);

}  // namespace ferry::aws
