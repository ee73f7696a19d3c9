// A service as the API shows it: its deployments and events. Pure but for random identifiers.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

inline constexpr std::size_t kMaxServiceEvents = 100;

bool is_active(const boost::json::object& service);
bool is_draining(const boost::json::object& service);

// Makes a PRIMARY deployment of what the service's document says (task definition, network, platform); the
// one before becomes ACTIVE, until its tasks are gone.
void begin_deployment(boost::json::object& service, WallTime now);
// The PRIMARY deployment; every service has one.
boost::json::object& primary_of(boost::json::object& service);

// Puts an event before the others: "(service NAME) <what>". The oldest go.
void add_event(boost::json::object& service, std::string_view what, WallTime now);

}  // namespace ferry::local
