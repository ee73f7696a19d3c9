// Facts out of the services' answers. Tolerant: what is absent or of another type stays empty. Pure.
#pragma once

#include "feature/doctor/facts.hpp"

#include <boost/json/object.hpp>

namespace ferry::feature {

ServiceFacts service_facts(const boost::json::object& service);
TaskFacts task_facts(const boost::json::object& task);
TaskDefinitionFacts definition_facts(const boost::json::object& definition);
ClusterFacts cluster_facts(const boost::json::object& cluster);

// Of EC2's answers, which carry the names of its XML.
VpcEndpoint endpoint_facts(const boost::json::object& endpoint);
SecurityGroup group_facts(const boost::json::object& group);
// Where 0.0.0.0/0 leads in a route table.
DefaultRoute default_route_of(const boost::json::object& route_table);

}  // namespace ferry::feature
