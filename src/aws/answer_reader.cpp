#include "aws/answer_reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace ferry::aws {
namespace {

namespace json = boost::json;

const json::array* array_in(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member == nullptr ? nullptr : member->if_array();
}

}  // namespace

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  const json::string* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string{} : std::string(*text);
}

bool flag_in(const json::object& object, std::string_view name, bool otherwise) {
  const json::value* member = object.if_contains(name);
  const bool* flag = member == nullptr ? nullptr : member->if_bool();
  return flag == nullptr ? otherwise : *flag;
}

std::optional<std::int64_t> integer_in(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  const std::int64_t* integer = member == nullptr ? nullptr : member->if_int64();
  return integer == nullptr ? std::nullopt : std::optional(*integer);
}

std::optional<double> number_in(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr) return std::nullopt;
  if (const double* number = member->if_double()) return *number;
  if (const std::int64_t* number = member->if_int64()) return static_cast<double>(*number);
  return std::nullopt;
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member == nullptr ? nullptr : member->if_object();
}

std::vector<const json::object*> objects_in(const json::object& object, std::string_view name) {
  std::vector<const json::object*> objects;
  const json::array* array = array_in(object, name);
  if (array == nullptr) return objects;
  for (const json::value& element : *array) {
    if (const json::object* one = element.if_object()) objects.push_back(one);
  }
  return objects;
}

std::vector<std::string> texts_in(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  const json::array* array = array_in(object, name);
  if (array == nullptr) return texts;
  for (const json::value& element : *array) {
    if (const json::string* text = element.if_string()) texts.emplace_back(*text);
  }
  return texts;
}

}  // namespace ferry::aws
