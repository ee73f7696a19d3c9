#include "local/api/shape.hpp"

#include <optional>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

// What the services call a value that stands where it must not.
std::string_view kind_name(const json::value& value) {
  if (value.is_bool()) return value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
  if (value.is_string()) return "STRING_VALUE";
  return value.is_double() ? "DECIMAL_VALUE" : "NUMBER_VALUE";
}

std::optional<std::string> scalar_misfit(const json::value& value, std::string_view type) {
  if (value.is_object()) return "Start of structure or map found where not expected.";
  if (value.is_array()) return "Start of list found where not expected.";
  const bool is_integer = value.is_int64();
  if (type == "string" && !value.is_string()) {
    return fmt::format("{} can not be converted to a String", kind_name(value));
  }
  if (type == "integer" && !is_integer) {
    return fmt::format("{} can not be converted to an Integer", kind_name(value));
  }
  if (type == "number" && !value.is_number()) {
    return fmt::format("{} can not be converted to a Number", kind_name(value));
  }
  if (type == "boolean" && !value.is_bool()) {
    return fmt::format("{} can not be converted to a Boolean", kind_name(value));
  }
  return std::nullopt;
}

void drop_nulls(json::object& object) {
  for (auto member = object.begin(); member != object.end();) {
    member = member->value().is_null() ? object.stable_erase(member) : std::next(member);
  }
}

// What is wrong, and with which member: "containerDefinitions[0].name".
struct Misfit {
  std::string what, member;
};

std::optional<Misfit> below(std::optional<Misfit> wrong, std::string_view name) {
  const bool has_next_name = wrong && !wrong->member.empty() && wrong->member.front() != '[';
  if (wrong) wrong->member.insert(0, fmt::format("{}{}", name, has_next_name ? "." : ""));
  return wrong;
}

// Says what is wrong with `value`; drops null members on its way. The depth is bounded by the shape's own.
std::optional<Misfit> misfit(json::value& value, const json::value& shape) {
  if (const auto* element = shape.if_array()) {
    auto* list = value.if_array();
    if (list == nullptr) return Misfit{.what = "Expected list or null", .member = {}};
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (auto wrong = misfit((*list)[i], element->front())) return below(wrong, fmt::format("[{}]", i));
    }
    return std::nullopt;
  }
  if (const auto* members = shape.if_object()) {
    auto* object = value.if_object();
    if (object == nullptr) return Misfit{.what = "Expected structure or map or null", .member = {}};
    drop_nulls(*object);
    const json::value* of_each = members->if_contains("*");
    for (auto& [name, member] : *object) {
      const json::value* own = of_each != nullptr ? of_each : members->if_contains(name);
      if (own == nullptr) continue;
      if (auto wrong = misfit(member, *own)) return below(wrong, name);
    }
    return std::nullopt;
  }
  const std::string_view type = shape.get_string();
  const std::optional<std::string> wrong = type == "any" ? std::nullopt : scalar_misfit(value, type);
  if (!wrong) return std::nullopt;
  return Misfit{.what = *wrong, .member = {}};
}

net::Task<Answer> answer_at_once(Answer answer) {
  co_return answer;
}

}  // namespace

Shape::Shape(std::string_view text) : shape_(json::parse(text)) {}

Answer Shape::fit(json::object input) const {
  json::value value(std::move(input));
  if (const auto wrong = misfit(value, shape_))
    return refuse("SerializationException", fmt::format("{} (member {})", wrong->what, wrong->member));
  return std::move(value.get_object());
}

Operation shaped(std::string_view shape, Operation operation) {
  return [shape = Shape(shape), operation = std::move(operation)](json::object input) -> net::Task<Answer> {
    auto fitting = shape.fit(std::move(input));
    if (!fitting) return answer_at_once(std::move(fitting));
    return operation(std::move(*fitting));
  };
}

Operation shaped_at_once(std::string_view shape, std::function<Answer(const json::object&)> operation) {
  return [shape = Shape(shape), operation = std::move(operation)](json::object input) -> net::Task<Answer> {
    auto fitting = shape.fit(std::move(input));
    if (!fitting) return answer_at_once(std::move(fitting));
    return answer_at_once(operation(*fitting));
  };
}

}  // namespace ferry::local
