// `--like CLUSTER/SERVICE`: what RunTask would be given to put a task where the service's tasks are. Pure.
#pragma once

#include <boost/json/object.hpp>

namespace ferry::feature {

// `service` is an element of DescribeServices' answer, tags included. The result is part of RunTask's input:
// task definition, network configuration, launch type or capacity provider strategy, platform version, tags,
// and whether exec is enabled. Its placement and its load balancers are the service's own affair.
boost::json::object like_service(const boost::json::object& service);

}  // namespace ferry::feature
