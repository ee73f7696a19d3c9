#include "feature/doctor/fixes.hpp"

#include "base/text.hpp"
#include "wire/command_line.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

bool is_plain(char c) {
  constexpr std::string_view kMarks = "-_./:=@%+,";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

std::string replaced_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string indented(std::string_view lines) {
  std::string text;
  for (const std::string_view line : split(lines, '\n')) text += fmt::format("  {}\n", line);
  return text;
}

// What DescribeTaskDefinition answers and RegisterTaskDefinition refuses.
constexpr std::string_view kAnsweredOnly =
    "del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, "
    ".registeredBy, .deregisteredAt)";

std::string connection_words(const Facts& facts, std::string_view service) {
  std::string words = " --region " + wire::quote_word(facts.region);
  if (!facts.profile.empty()) words += " --profile " + wire::quote_word(facts.profile);
  const auto found = facts.service_endpoints.find(service);
  if (found != facts.service_endpoints.end()) words += " --endpoint-url " + wire::quote_word(found->second);
  return words;
}

json::object https_rule() {
  constexpr int kPort = 443;
  return {{"IpProtocol", "tcp"}, {"FromPort", kPort}, {"ToPort", kPort}};
}

}  // namespace

std::string ferry_line(const Facts& facts, std::string_view service, std::string_view operation,
                       const json::object& input) {
  std::string line = fmt::format("ferry api {} {}", service, operation);
  if (!input.empty()) line += " " + wire::quote_word(json::serialize(input));
  return line + connection_words(facts, service);
}

std::string ferry_line(const Facts& facts, const std::vector<std::string>& words) {
  return fmt::format("ferry {}{}", wire::quote_command_line(words), connection_words(facts, "ecs"));
}

std::string update_service(const Facts& facts, const ServiceFacts& service, json::object changes) {
  json::object input{{"cluster", facts.target.cluster}, {"service", service.name}};
  input.insert(changes.begin(), changes.end());
  return ferry_line(facts, "ecs", "UpdateService", input);
}

json::array https_with_group(std::string_view group) {
  json::object rule = https_rule();
  rule["Groups"] = json::array{json::object{{"GroupId", group}}};
  return {std::move(rule)};
}

json::array https_with_range(std::string_view range) {
  json::object rule = https_rule();
  rule["IpRanges"] = json::array{json::object{{"CidrIp", range}}};
  return {std::move(rule)};
}

std::string terraform_in(std::string_view type, std::string_view name, std::string_view lines) {
  std::string label(name);
  std::ranges::replace_if(
      label,
      [](char c) { return !is_plain(c) || std::string_view("./:=@%+,").find(c) != std::string_view::npos; },
      '_');
  return fmt::format("resource \"{}\" \"{}\" {{\n{}}}", type, label, indented(lines));
}

std::string terraform_json(const json::value& value) {
  std::string text = replaced_all(json::serialize(value), "${", "$${");
  return fmt::format("jsonencode({})", replaced_all(std::move(text), "%{", "%%{"));
}

json::object allow_document(const std::vector<std::string>& actions,
                            const std::vector<std::string>& resources) {
  json::object statement;
  statement["Effect"] = "Allow";
  statement["Action"] = json::array(actions.begin(), actions.end());
  if (resources.size() == 1) {
    statement["Resource"] = resources.front();
  } else {
    statement["Resource"] = json::array(resources.begin(), resources.end());
  }
  json::object document;
  document["Version"] = "2012-10-17";
  document["Statement"] = json::array{std::move(statement)};
  return document;
}

Fixes grant(const Facts& facts, std::string_view role, std::string_view policy_name,
            const json::object& document) {
  Fixes fixes;
  fixes.commands = ferry_line(
      facts, "iam", "PutRolePolicy",
      {{"RoleName", role}, {"PolicyName", policy_name}, {"PolicyDocument", json::serialize(document)}});
  fixes.terraform = terraform_in("aws_iam_role_policy", policy_name,
                                 fmt::format("name   = \"{}\"\nrole   = \"{}\"\npolicy = {}", policy_name,
                                             role, terraform_json(document)));
  return fixes;
}

Fixes new_revision(const Facts& facts, std::string_view jq, std::string_view terraform) {
  Fixes fixes;
  if (known(facts.definition) == nullptr) return fixes;
  const TaskDefinitionFacts& definition = *known(facts.definition);
  const std::string edit = fmt::format(".taskDefinition | {} | {}", jq, kAnsweredOnly);
  const std::string revision = fmt::format("{}:{}", definition.family, definition.revision);
  fixes.commands =
      fmt::format("{} |\n  jq {} |\n  {}",
                  ferry_line(facts, "ecs", "DescribeTaskDefinition", {{"taskDefinition", revision}}),
                  wire::quote_word(edit),
                  fmt::format("ferry api ecs RegisterTaskDefinition -{}", connection_words(facts, "ecs")));
  if (const ServiceFacts* service = known(facts.service))
    fixes.commands += "\n" + update_service(facts, *service, {{"taskDefinition", definition.family}});
  fixes.terraform = terraform_in("aws_ecs_task_definition", definition.family, terraform);
  return fixes;
}

Fixes enable_exec(const Facts& facts, std::string_view platform_version) {
  Fixes fixes;
  if (const ServiceFacts* service = known(facts.service)) {
    fixes.commands = ferry_line(facts, {"enable-exec", "--cluster", facts.target.cluster, service->name});
    fixes.terraform = terraform_in("aws_ecs_service", service->name,
                                   "enable_execute_command = true\nforce_new_deployment   = true");
    return fixes;
  }
  std::vector<std::string> words{"run", "--cluster", facts.target.cluster, "--enable-execute-command",
                                 "--detach"};
  const auto add = [&words](std::string flag, std::string value) {
    words.push_back(std::move(flag));
    words.push_back(std::move(value));
  };
  const TaskFacts* task = known(facts.task);
  if (task != nullptr && !task->launch_type.empty()) add("--launch-type", task->launch_type);
  if (!platform_version.empty()) add("--platform-version", std::string(platform_version));
  if (facts.network && !facts.network->subnet.empty()) {
    const NetworkFacts& network = *facts.network;
    add("--network-configuration",
        fmt::format("awsvpcConfiguration={{subnets=[{}],securityGroups=[{}],assignPublicIp={}}}",
                    network.subnet, fmt::join(network.task_groups, ","),
                    network.has_public_address ? "ENABLED" : "DISABLED"));
  }
  const TaskDefinitionFacts* definition = known(facts.definition);
  words.push_back(definition != nullptr ? definition->family : facts.target.name);
  fixes.commands = ferry_line(facts, words);
  return fixes;
}

}  // namespace ferry::feature
