// An API operation as a function from JSON to JSON, and the service's way to say no.
#pragma once

#include "net/task.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <tl/expected.hpp>

namespace ferry::local {

struct ServiceError {
  std::string type;  // "ClusterNotFoundException"
  std::string message;
  int status = 400;
  boost::json::object extra;  // further members of the error's shape ("resourceIds", ...)
};

using Answer = tl::expected<boost::json::object, ServiceError>;

inline tl::unexpected<ServiceError> refuse(std::string type, std::string message) {
  return tl::unexpected<ServiceError>(
      ServiceError{.type = std::move(type), .message = std::move(message), .status = 400, .extra = {}});
}

using Operation = std::function<net::Task<Answer>(boost::json::object input)>;

// The operations of one service by name.
using Operations = std::map<std::string, Operation, std::less<>>;

}  // namespace ferry::local
