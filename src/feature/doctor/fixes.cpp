#include "feature/doctor/fixes.hpp"

#include "base/text.hpp"

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

// What describe-task-definition answers and register-task-definition refuses.
constexpr std::string_view kAnsweredOnly =
    "del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, "
    ".registeredBy, .deregisteredAt)";

}  // namespace

std::string shell_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  return fmt::format("'{}'", replaced_all(std::string(text), "'", R"('\'')"));
}

std::string aws_line(const Facts& facts, std::string_view words) {
  std::string line = fmt::format("aws {} --region {}", words, facts.region);
  if (!facts.endpoint.empty()) line += fmt::format(" --endpoint-url {}", shell_word(facts.endpoint));
  return line;
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
  fixes.aws_cli =
      aws_line(facts, fmt::format("iam put-role-policy --role-name {} --policy-name {} --policy-document {}",
                                  shell_word(role), policy_name, shell_word(json::serialize(document))));
  fixes.terraform = terraform_in("aws_iam_role_policy", policy_name,
                                 fmt::format("name   = \"{}\"\nrole   = \"{}\"\npolicy = {}", policy_name,
                                             role, terraform_json(document)));
  return fixes;
}

Fixes new_revision(const Facts& facts, std::string_view jq, std::string_view terraform) {
  Fixes fixes;
  if (known(facts.definition) == nullptr) return fixes;
  const TaskDefinitionFacts& definition = *known(facts.definition);
  const std::string file = definition.family + ".json";
  fixes.aws_cli = aws_line(facts, fmt::format("ecs describe-task-definition --task-definition {}:{} --query "
                                              "taskDefinition --output json",
                                              definition.family, definition.revision));
  fixes.aws_cli +=
      fmt::format(" |\n  jq {} > {}\n", shell_word(fmt::format("{} | {}", jq, kAnsweredOnly)), file);
  fixes.aws_cli +=
      aws_line(facts, fmt::format("ecs register-task-definition --cli-input-json file://{}", file));
  if (const ServiceFacts* service = known(facts.service)) {
    fixes.aws_cli +=
        "\n" + aws_line(facts, fmt::format("ecs update-service --cluster {} --service {} "
                                           "--task-definition {}",
                                           facts.target.cluster, service->name, definition.family));
  }
  fixes.terraform = terraform_in("aws_ecs_task_definition", definition.family, terraform);
  return fixes;
}

Fixes enable_exec(const Facts& facts) {
  Fixes fixes;
  if (const ServiceFacts* service = known(facts.service)) {
    fixes.aws_cli =
        aws_line(facts, fmt::format("ecs update-service --cluster {} --service {} --enable-execute-command "
                                    "--force-new-deployment",
                                    facts.target.cluster, service->name));
    fixes.terraform = terraform_in("aws_ecs_service", service->name,
                                   "enable_execute_command = true\nforce_new_deployment   = true");
    return fixes;
  }
  const TaskDefinitionFacts* definition = known(facts.definition);
  const std::string family = definition != nullptr ? definition->family : facts.target.name;
  fixes.aws_cli = aws_line(facts, fmt::format("ecs run-task --cluster {} --task-definition {} "
                                              "--enable-execute-command",
                                              facts.target.cluster, family));
  const TaskFacts* task = known(facts.task);
  if (task != nullptr && !task->launch_type.empty())
    fixes.aws_cli += fmt::format(" --launch-type {}", task->launch_type);
  if (facts.network && !facts.network->subnet.empty()) {
    const NetworkFacts& network = *facts.network;
    fixes.aws_cli += fmt::format(
        " --network-configuration "
        "'awsvpcConfiguration={{subnets=[{}],securityGroups=[{}],assignPublicIp={}}}'",
        network.subnet, fmt::join(network.task_groups, ","),
        network.has_public_address ? "ENABLED" : "DISABLED");
  }
  return fixes;
}

}  // namespace ferry::feature
