// What CreateService and UpdateService make of a service's document: checks and changes. Pure but for the
// look-up of the task definition.
#pragma once

#include "base/time.hpp"
#include "local/api/operation.hpp"
#include "local/store/documents.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

// The shapes (shape.hpp) of both operations' inputs.
std::string create_service_shape();
std::string update_service_shape();

// The document of a new service with its first deployment. Load balancers and service registries are kept and
// shown; nothing is behind them.
Answer new_service(const Documents& documents, std::string_view service_arn, std::string_view cluster_arn,
                   const boost::json::object& input, WallTime now);

// `service` with the changes that UpdateService's input asks for, with a new deployment where they need one.
Answer changed_service(const Documents& documents, boost::json::object service,
                       const boost::json::object& input, WallTime now);

}  // namespace ferry::local
