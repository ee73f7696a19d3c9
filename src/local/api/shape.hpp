// What members an operation's input has and of which types: the check that comes before every operation, so
// that what follows may read its input without looking at types again. Pure.
#pragma once

#include "local/api/operation.hpp"

#include <functional>
#include <memory>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace ferry::local {

// Written as a JSON text of the input's own form:
//   {"cluster": "string", "count": "integer", "tags": [{"key": "string", "value": "string"}],
//    "options": {"*": "string"}, "essential": "boolean", "timestamp": "number", "anything": "any"}
// A list holds its element's shape; the name "*" stands for every member of a map. Members that the shape
// does not name may hold anything.
class Shape {
 public:
  explicit Shape(std::string_view text);

  // The input without its null members (null is absence to the services), or SerializationException with
  // the services' words and the member: "NUMBER_VALUE can not be converted to a String (member tags[0].key)".
  [[nodiscard]] Answer fit(boost::json::object input) const;

 private:
  boost::json::value shape_;
};

// `operation` behind the check of its input.
Operation shaped(std::string_view shape, Operation operation);
// The same for an operation that waits for nothing.
Operation shaped_at_once(std::string_view shape, std::function<Answer(const boost::json::object&)> operation);

}  // namespace ferry::local
