// Whether the exec agent of a task with an interface of its own reaches ssmmessages on port 443.
#include "base/text.hpp"
#include "feature/doctor/checks.hpp"
#include "feature/doctor/fixes.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::string_view kNetwork = "network";
constexpr std::int64_t kHttps = 443;

struct AddressRange {
  std::uint32_t first = 0;
  unsigned prefix = 0;
};

std::optional<AddressRange> parse_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::vector<std::string_view> parts = split(text.substr(0, slash), '.');
  const auto prefix = slash == std::string_view::npos ? std::optional<std::int64_t>(32)
                                                      : parse_integer(text.substr(slash + 1));
  if (parts.size() != 4 || !prefix || *prefix < 0 || *prefix > 32) return std::nullopt;
  AddressRange range{.first = 0, .prefix = static_cast<unsigned>(*prefix)};
  for (const std::string_view part : parts) {
    const std::optional<std::int64_t> byte = parse_integer(part);
    if (!byte || *byte < 0 || *byte > 255) return std::nullopt;
    range.first = range.first << 8U | static_cast<std::uint32_t>(*byte);
  }
  return range;
}

bool contains(std::string_view outer_text, std::string_view inner_text) {
  const std::optional<AddressRange> outer = parse_range(outer_text), inner = parse_range(inner_text);
  if (!outer || !inner || outer->prefix > inner->prefix) return false;
  if (outer->prefix == 0) return true;
  return (outer->first ^ inner->first) >> (32U - outer->prefix) == 0;
}

bool covers_https(const PortRule& rule) {
  if (rule.protocol == "-1") return true;
  return (rule.protocol == "tcp" || rule.protocol == "6") && rule.from_port <= kHttps &&
         rule.to_port >= kHttps;
}

const SecurityGroup* find_group(const std::vector<SecurityGroup>& groups, const std::string& id) {
  const auto found = std::ranges::find(groups, id, &SecurityGroup::id);
  return found == groups.end() ? nullptr : &*found;
}

// Whether the task may send to port 443 at all; nothing where one of its groups was not read.
std::optional<bool> may_send(const NetworkFacts& network) {
  if (!network.groups) return std::nullopt;
  bool is_whole = true;
  for (const std::string& id : network.task_groups) {
    const SecurityGroup* group = find_group(*network.groups, id);
    if (group == nullptr) is_whole = false;
    if (group != nullptr && std::ranges::any_of(group->outbound, [](const PortRule& rule) {
          return covers_https(rule) && !rule.peers.empty();
        }))
      return true;
  }
  return is_whole && !network.task_groups.empty() ? std::optional(false) : std::nullopt;
}

bool admits_task(const PortRule& rule, const NetworkFacts& network) {
  return covers_https(rule) && std::ranges::any_of(rule.peers, [&network](const std::string& peer) {
           return std::ranges::find(network.task_groups, peer) != network.task_groups.end() ||
                  peer.starts_with("pl-") || contains(peer, network.subnet_range);
         });
}

std::optional<bool> admits_task(const VpcEndpoint& endpoint, const NetworkFacts& network) {
  if (!network.groups || network.subnet_range.empty()) return std::nullopt;
  for (const std::string& id : endpoint.security_groups) {
    const SecurityGroup* group = find_group(*network.groups, id);
    if (group == nullptr) return std::nullopt;
    if (std::ranges::any_of(group->inbound, [&](const PortRule& rule) { return admits_task(rule, network); }))
      return true;
  }
  const bool is_whole = !endpoint.security_groups.empty() && !network.task_groups.empty();
  return is_whole ? std::optional(false) : std::nullopt;
}

const VpcEndpoint* find_endpoint(const NetworkFacts& network, std::string_view service) {
  if (!network.endpoints) return nullptr;
  const auto found = std::ranges::find_if(*network.endpoints, [service](const VpcEndpoint& endpoint) {
    return endpoint.service.ends_with(fmt::format(".{}", service)) && endpoint.state == "available";
  });
  return found == network.endpoints->end() ? nullptr : &*found;
}

Fixes create_endpoint(const Facts& facts, std::string_view service) {
  const NetworkFacts& network = *facts.network;
  const std::string name = fmt::format("com.amazonaws.{}.{}", facts.region, service);
  Fixes fixes;
  json::object input{{"VpcEndpointType", "Interface"},
                     {"VpcId", network.vpc},
                     {"ServiceName", name},
                     {"PrivateDnsEnabled", true},
                     {"SubnetId", json::array{network.subnet}}};
  if (!network.task_groups.empty())
    input["SecurityGroupId"] = json::array(network.task_groups.begin(), network.task_groups.end());
  fixes.commands = ferry_line(facts, "ec2", "CreateVpcEndpoint", input);
  // The endpoint gets the task's groups: they must let their own members in.
  if (!network.task_groups.empty()) {
    const std::string& group = network.task_groups.front();
    fixes.commands += "\n" + ferry_line(facts, "ec2", "AuthorizeSecurityGroupIngress",
                                        {{"GroupId", group}, {"IpPermissions", https_with_group(group)}});
  }
  fixes.terraform = terraform_in(
      "aws_vpc_endpoint", service,
      fmt::format(
          "vpc_id              = \"{}\"\nservice_name        = \"{}\"\nvpc_endpoint_type   = \"Interface\"\n"
          "subnet_ids          = [\"{}\"]\nsecurity_group_ids  = [\"{}\"]\nprivate_dns_enabled = true",
          network.vpc, name, network.subnet, fmt::join(network.task_groups, "\", \"")));
  return fixes;
}

Fixes open_group(const Facts& facts, const std::string& group, std::string_view direction) {
  const NetworkFacts& network = *facts.network;
  const bool is_inbound = direction == "ingress";
  Fixes fixes;
  json::array permissions = is_inbound && !network.task_groups.empty()
                                ? https_with_group(network.task_groups.front())
                                : https_with_range(is_inbound ? network.subnet_range : "0.0.0.0/0");
  fixes.commands =
      ferry_line(facts, "ec2", is_inbound ? "AuthorizeSecurityGroupIngress" : "AuthorizeSecurityGroupEgress",
                 {{"GroupId", group}, {"IpPermissions", std::move(permissions)}});
  const std::string terraform_peer =
      is_inbound && !network.task_groups.empty()
          ? fmt::format("referenced_security_group_id = \"{}\"", network.task_groups.front())
          : fmt::format("cidr_ipv4         = \"{}\"", is_inbound ? network.subnet_range : "0.0.0.0/0");
  fixes.terraform = terraform_in(
      fmt::format("aws_vpc_security_group_{}_rule", direction), "https",
      fmt::format("security_group_id = \"{}\"\nip_protocol       = \"tcp\"\nfrom_port         = 443\n"
                  "to_port           = 443\n{}",
                  group, terraform_peer));
  return fixes;
}

Fixes public_address(const Facts& facts) {
  const NetworkFacts& network = *facts.network;
  const ServiceFacts* service = known(facts.service);
  if (service == nullptr || !service->placement) return create_endpoint(facts, "ssmmessages");
  const VpcPlacement& placement = *service->placement;
  Fixes fixes;
  const json::object vpc{
      {"subnets", json::array(placement.subnets.begin(), placement.subnets.end())},
      {"securityGroups", json::array(placement.security_groups.begin(), placement.security_groups.end())},
      {"assignPublicIp", "ENABLED"}};
  fixes.commands =
      update_service(facts, *service, {{"networkConfiguration", json::object{{"awsvpcConfiguration", vpc}}}});
  fixes.terraform = terraform_in(
      "aws_ecs_service", service->name,
      fmt::format("network_configuration {{\n  subnets          = [\"{}\"]\n  security_groups  = [\"{}\"]\n"
                  "  assign_public_ip = true\n}}",
                  fmt::join(placement.subnets, "\", \""), fmt::join(network.task_groups, "\", \"")));
  return fixes;
}

bool is_fargate(const Facts& facts) {
  const TaskFacts* task = known(facts.task);
  const ServiceFacts* service = known(facts.service);
  return (task != nullptr && task->launch_type == "FARGATE") ||
         (task == nullptr && service != nullptr && service->launch_type == "FARGATE");
}

// Whether the subnet's default route reaches AWS; nothing where that cannot be told.
std::optional<bool> reaches_aws(const NetworkFacts& network) {
  if (!network.default_route || *network.default_route == DefaultRoute::other) return std::nullopt;
  if (*network.default_route == DefaultRoute::internet_gateway) return network.has_public_address;
  return *network.default_route == DefaultRoute::nat;
}

std::string route_in_words(const NetworkFacts& network) {
  if (!network.default_route) return network.default_route.error().what;
  switch (*network.default_route) {
    case DefaultRoute::none:
      return "has no default route";
    case DefaultRoute::internet_gateway:
      return "leads to an internet gateway, and the task has no public address";
    case DefaultRoute::nat:
      return "leads to a NAT gateway";
    case DefaultRoute::blackhole:
      return "leads to something that is gone (a blackhole route)";
    case DefaultRoute::other:
      return "leads to another network (a transit gateway, peering or appliance)";
  }
  return {};
}

Finding by_endpoint(const Facts& facts, const VpcEndpoint& endpoint) {
  const std::string name(kNetwork);
  const std::optional<bool> admitted = admits_task(endpoint, *facts.network);
  const std::string what = fmt::format("the ssmmessages endpoint {}", endpoint.id);
  if (!admitted)
    return cannot_tell(name, fmt::format("whether {} lets the task in", what),
                       "its security groups were not read");
  if (*admitted) return fine(name, fmt::format("{} lets the task in on port 443", what));
  return wrong(
      name, fmt::format("{} is closed to the task on port 443", what),
      fmt::format("its security groups {} do not admit the task", fmt::join(endpoint.security_groups, ", ")),
      open_group(facts, endpoint.security_groups.front(), "ingress"));
}

Finding without_private_dns(const Facts& facts, const VpcEndpoint& endpoint) {
  Fixes fixes;
  fixes.commands = ferry_line(facts, "ec2", "ModifyVpcEndpoint",
                              {{"VpcEndpointId", endpoint.id}, {"PrivateDnsEnabled", true}});
  fixes.terraform = terraform_in("aws_vpc_endpoint", "ssmmessages", "private_dns_enabled = true");
  return wrong(std::string(kNetwork),
               fmt::format("the ssmmessages endpoint {} has private DNS off", endpoint.id),
               fmt::format("the agent asks for the public name, and subnet {} {}", facts.network->subnet,
                           route_in_words(*facts.network)),
               std::move(fixes));
}

Finding by_route(const Facts& facts) {
  const NetworkFacts& network = *facts.network;
  const std::string name(kNetwork);
  const std::optional<bool> reached = reaches_aws(network);
  if (!reached)
    return cannot_tell(name, fmt::format("whether subnet {} reaches ssmmessages", network.subnet),
                       route_in_words(network));
  if (*reached) return fine(name, fmt::format("subnet {} {}", network.subnet, route_in_words(network)));
  if (!network.endpoints)
    return cannot_tell(name, fmt::format("whether subnet {} reaches ssmmessages", network.subnet),
                       network.endpoints.error().what);
  const bool wants_address = *network.default_route == DefaultRoute::internet_gateway && is_fargate(facts);
  return wrong(name, fmt::format("the task cannot reach ssmmessages from subnet {}", network.subnet),
               fmt::format("the subnet {}, and its VPC {} has no ssmmessages endpoint",
                           route_in_words(network), network.vpc),
               wants_address ? public_address(facts) : create_endpoint(facts, "ssmmessages"));
}

// The key service is asked by the agent as well.
void check_key_endpoint(const Facts& facts, Findings& findings) {
  const NetworkFacts& network = *facts.network;
  const bool has_key = facts.cluster && !facts.cluster->kms_key.empty();
  if (!has_key || !network.endpoints || reaches_aws(network) != std::optional(false)) return;
  const VpcEndpoint* endpoint = find_endpoint(network, "kms");
  if (endpoint != nullptr && endpoint->has_private_dns) return;
  findings.push_back(wrong(std::string(kNetwork),
                           fmt::format("the task cannot reach kms from subnet {}", network.subnet),
                           "the cluster encrypts sessions with a KMS key, which the agent has to use",
                           create_endpoint(facts, "kms")));
}

}  // namespace

void check_network(const Facts& facts, Findings& findings) {
  const std::string name(kNetwork);
  const TaskDefinitionFacts* definition = known(facts.definition);
  if (definition != nullptr && definition->network_mode != "awsvpc") {
    findings.push_back(
        cannot_tell(name, "the way to ssmmessages",
                    fmt::format("in network mode {} it is the instance's", definition->network_mode)));
    return;
  }
  if (!facts.network) {
    findings.push_back(cannot_tell(name, "the way to ssmmessages", facts.network.error().what));
    return;
  }
  const NetworkFacts& network = *facts.network;
  if (may_send(network) == std::optional(false)) {
    findings.push_back(wrong(name,
                             fmt::format("the task may send nothing to port 443: security groups {}",
                                         fmt::join(network.task_groups, ", ")),
                             "the exec agent connects to ssmmessages there",
                             open_group(facts, network.task_groups.front(), "egress")));
    return;
  }
  const VpcEndpoint* endpoint = find_endpoint(network, "ssmmessages");
  if (endpoint != nullptr && endpoint->has_private_dns) {
    findings.push_back(by_endpoint(facts, *endpoint));
  } else if (endpoint != nullptr && reaches_aws(network) == std::optional(false)) {
    findings.push_back(without_private_dns(facts, *endpoint));
  } else {
    findings.push_back(by_route(facts));
  }
  check_key_endpoint(facts, findings);
}

}  // namespace ferry::feature
