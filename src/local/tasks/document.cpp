#include "local/tasks/document.hpp"

#include "base/text.hpp"
#include "local/api/input.hpp"

#include <chrono>

namespace ferry::local {

namespace json = boost::json;

std::optional<std::int64_t> number_in(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  if (value == nullptr) return std::nullopt;
  if (const std::int64_t* number = value->if_int64()) return *number;
  if (const json::string* text = value->if_string()) return parse_integer(*text);
  return std::nullopt;
}

double seconds_in(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  if (value == nullptr) return 0;
  if (const double* number = value->if_double()) return *number;
  const std::int64_t* number = value->if_int64();
  return number == nullptr ? 0 : static_cast<double>(*number);
}

json::object* named(json::array& objects, std::string_view name) {
  for (json::value& value : objects) {
    json::object* object = value.if_object();
    if (object != nullptr && text_of(*object, "name") == name) return object;
  }
  return nullptr;
}

const json::object* named(const json::array& objects, std::string_view name) {
  for (const json::value& value : objects) {
    const json::object* object = value.if_object();
    if (object != nullptr && text_of(*object, "name") == name) return object;
  }
  return nullptr;
}

double epoch_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace ferry::local
