#include "aws/answer_reader.hpp"
#include "feature/doctor/gather.hpp"
#include "feature/doctor/read_facts.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;
using aws::Service;
using aws::text_in;

json::object filtered(std::string_view name, const std::string& value) {
  json::object filter;
  filter["Name"] = name;
  filter["Value"] = json::array{json::string(value)};
  json::object input;
  input["Filter"] = json::array{std::move(filter)};
  return input;
}

// The table that a subnet is associated with, else its VPC's main one.
net::Task<Result<DefaultRoute>> read_route(aws::Client& client, std::string subnet, std::string vpc) {
  const Result<json::object> own =
      co_await client.call(Service::ec2, "DescribeRouteTables", filtered("association.subnet-id", subnet));
  if (!own) co_return fail(own.error());
  const std::vector<const json::object*> tables = aws::objects_in(*own, "routeTableSet");
  if (!tables.empty()) co_return default_route_of(*tables.front());
  json::object input = filtered("association.main", "true");
  json::object of_vpc = filtered("vpc-id", vpc);
  input["Filter"].as_array().push_back(of_vpc["Filter"].as_array().front());
  const Result<json::object> main =
      co_await client.call(Service::ec2, "DescribeRouteTables", std::move(input));
  if (!main) co_return fail(main.error());
  const std::vector<const json::object*> mains = aws::objects_in(*main, "routeTableSet");
  if (mains.empty())
    co_return fail(FailureCode::not_found,
                   fmt::format("ec2 DescribeRouteTables shows none for subnet {}", subnet));
  co_return default_route_of(*mains.front());
}

net::Task<Result<std::vector<VpcEndpoint>>> read_endpoints(aws::Client& client, std::string vpc) {
  const Result<json::object> answer =
      co_await client.call(Service::ec2, "DescribeVpcEndpoints", filtered("vpc-id", vpc));
  if (!answer) co_return fail(answer.error());
  std::vector<VpcEndpoint> endpoints;
  for (const json::object* one : aws::objects_in(*answer, "vpcEndpointSet"))
    endpoints.push_back(endpoint_facts(*one));
  co_return endpoints;
}

net::Task<Result<std::vector<SecurityGroup>>> read_groups(aws::Client& client, std::vector<std::string> ids) {
  std::vector<SecurityGroup> groups;
  if (ids.empty()) co_return groups;
  json::object input;
  input["GroupId"] = json::array(ids.begin(), ids.end());
  const Result<json::object> answer =
      co_await client.call(Service::ec2, "DescribeSecurityGroups", std::move(input));
  if (!answer) co_return fail(answer.error());
  for (const json::object* one : aws::objects_in(*answer, "securityGroupInfo"))
    groups.push_back(group_facts(*one));
  co_return groups;
}

// The groups whose rules matter: the task's and those of the endpoints that it may use.
std::vector<std::string> groups_of_interest(const NetworkFacts& facts) {
  std::vector<std::string> ids = facts.task_groups;
  if (facts.endpoints) {
    for (const VpcEndpoint& endpoint : *facts.endpoints) {
      const bool matters = endpoint.service.ends_with(".ssmmessages") || endpoint.service.ends_with(".kms");
      if (matters) ids.insert(ids.end(), endpoint.security_groups.begin(), endpoint.security_groups.end());
    }
  }
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  return ids;
}

}  // namespace

net::Task<Result<VpcPlacement>> read_interface(aws::Client& client, std::string interface) {
  json::object input;
  input["NetworkInterfaceId"] = json::array{json::string(interface)};
  const Result<json::object> answer =
      co_await client.call(Service::ec2, "DescribeNetworkInterfaces", std::move(input));
  if (!answer) co_return fail(answer.error());
  const std::vector<const json::object*> interfaces = aws::objects_in(*answer, "networkInterfaceSet");
  if (interfaces.empty())
    co_return fail(FailureCode::not_found,
                   fmt::format("ec2 DescribeNetworkInterfaces does not show {}", interface));
  VpcPlacement placement;
  for (const json::object* group : aws::objects_in(*interfaces.front(), "groupSet"))
    placement.security_groups.push_back(text_in(*group, "groupId"));
  const json::object* association = aws::object_in(*interfaces.front(), "association");
  placement.has_public_address = association != nullptr && !text_in(*association, "publicIp").empty();
  co_return placement;
}

net::Task<Result<NetworkFacts>> read_network(aws::Client& client, std::string subnet,
                                             VpcPlacement placement) {
  json::object input;
  input["SubnetId"] = json::array{json::string(subnet)};
  const Result<json::object> answer = co_await client.call(Service::ec2, "DescribeSubnets", std::move(input));
  if (!answer) co_return fail(answer.error());
  const std::vector<const json::object*> subnets = aws::objects_in(*answer, "subnetSet");
  if (subnets.empty())
    co_return fail(FailureCode::not_found, fmt::format("ec2 DescribeSubnets does not show {}", subnet));
  NetworkFacts facts;
  facts.subnet = subnet;
  facts.subnet_range = text_in(*subnets.front(), "cidrBlock");
  facts.vpc = text_in(*subnets.front(), "vpcId");
  facts.task_groups = std::move(placement.security_groups);
  facts.has_public_address = placement.has_public_address;
  facts.default_route = co_await read_route(client, subnet, facts.vpc);
  facts.endpoints = co_await read_endpoints(client, facts.vpc);
  facts.groups = co_await read_groups(client, groups_of_interest(facts));
  co_return facts;
}

}  // namespace ferry::feature
