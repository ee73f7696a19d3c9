// The task role, who may assume it, what it may do; and what the caller may do.
#include "feature/doctor/checks.hpp"
#include "feature/doctor/diagnose.hpp"
#include "feature/doctor/fixes.hpp"
#include "wire/channel_opening.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::string_view kTaskRole = "task-role";
constexpr std::string_view kTrust = "trust-policy";
constexpr std::string_view kRights = "exec-rights";
constexpr std::string_view kTasksPrincipal = "ecs-tasks.amazonaws.com";

const std::vector<std::string>& channel_actions() {
  static const std::vector<std::string> actions{
      "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel"};
  return actions;
}

json::object trust_statement() {
  json::object statement;
  statement["Effect"] = "Allow";
  json::object principal;
  principal["Service"] = kTasksPrincipal;
  statement["Principal"] = std::move(principal);
  statement["Action"] = "sts:AssumeRole";
  return statement;
}

// The document with one statement more.
json::object extended(std::string_view text, json::object statement) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  json::object document = !error && parsed.is_object() ? parsed.get_object() : json::object{};
  json::array statements;
  if (const json::value* old = document.if_contains("Statement")) {
    if (old->is_array()) statements = old->get_array();
    if (old->is_object()) statements.push_back(*old);
  }
  statements.push_back(std::move(statement));
  document["Version"] = "2012-10-17";
  document["Statement"] = std::move(statements);
  return document;
}

Fixes new_role(const Facts& facts, const std::string& name) {
  const json::object trust = extended("{}", trust_statement());
  const json::object rights = allow_document(channel_actions(), {"*"});
  const Fixes granted = grant(facts, name, "ferry-exec", rights);
  Fixes fixes;
  fixes.commands = ferry_line(facts, "iam", "CreateRole",
                              {{"RoleName", name}, {"AssumeRolePolicyDocument", json::serialize(trust)}});
  fixes.commands += "\n" + granted.commands;
  fixes.terraform = terraform_in(
      "aws_iam_role", name,
      fmt::format("name               = \"{}\"\nassume_role_policy = {}", name, terraform_json(trust)));
  fixes.terraform += "\n" + granted.terraform;
  return fixes;
}

Finding no_role(const Facts& facts, const TaskDefinitionFacts& definition) {
  const std::string name = definition.family + "-task";
  const std::string arn =
      fmt::format("arn:{}:iam::{}:role/{}", arn_part(definition.arn, 1), arn_part(definition.arn, 4), name);
  Fixes fixes = new_role(facts, name);
  const Fixes revision = new_revision(facts, fmt::format(".taskRoleArn = \"{}\"", arn),
                                      fmt::format("task_role_arn = \"{}\"", arn));
  fixes.commands += "\n" + revision.commands;
  fixes.terraform += "\n" + revision.terraform;
  return wrong(std::string(kTaskRole),
               fmt::format("{}:{} has no task role", definition.family, definition.revision),
               "the exec agent acts as the task role, and ECS enables no exec without one", std::move(fixes));
}

std::string readable(const PolicyStatement& statement) {
  return statement.services.empty() ? std::string("no service")
                                    : fmt::format("{}", fmt::join(statement.services, ", "));
}

Fixes by_hand(const Facts& facts, const RoleFacts& role, std::string_view what) {
  Fixes fixes;
  fixes.commands =
      fmt::format("# {}; the role's policies:\n{}\n{}", what,
                  ferry_line(facts, "iam", "ListRolePolicies", {{"RoleName", role.name}}),
                  ferry_line(facts, "iam", "ListAttachedRolePolicies", {{"RoleName", role.name}}));
  fixes.terraform = fmt::format("# {}", what);
  return fixes;
}

Finding boundary_lacks(const Facts& facts, std::string_view check, const RoleFacts& role, const RoleGap& gap,
                       const std::vector<std::string>& resources, std::string_view consequence) {
  const Policy& boundary = **role.boundary;
  const json::object allow = allow_document(gap.missing, resources);
  json::object statement = allow.at("Statement").as_array().front().as_object();
  const json::object document = extended(boundary.text, std::move(statement));
  Fixes fixes;
  fixes.commands = ferry_line(
      facts, "iam", "CreatePolicyVersion",
      {{"PolicyArn", boundary.arn}, {"SetAsDefault", true}, {"PolicyDocument", json::serialize(document)}});
  fixes.terraform = terraform_in("aws_iam_policy", last_part(boundary.arn),
                                 fmt::format("policy = {}", terraform_json(document)));
  return wrong(std::string(check),
               fmt::format("the permissions boundary {} of role {} does not let it {}",
                           last_part(boundary.arn), role.name, fmt::join(gap.missing, ", ")),
               std::string(consequence), std::move(fixes));
}

// Policies of the execution role that hold nothing but the four rights: they can go without harm.
bool is_for_exec_alone(const Policy& policy) {
  return std::ranges::all_of(policy.statements, [](const PolicyStatement& statement) {
    return statement.allows && !statement.is_not_action &&
           std::ranges::all_of(statement.actions,
                               [](const std::string& action) { return action.starts_with("ssmmessages:"); });
  });
}

std::string removal(const Facts& facts, const RoleFacts& from) {
  std::string lines;
  for (const Policy& policy : from.policies) {
    const AccessQuestion question{
        .action = channel_actions().front(), .resource = "*", .principal = {}, .context = {}};
    if (evaluate({&policy, 1}, question).access == Access::not_allowed) continue;
    if (!is_for_exec_alone(policy)) {
      lines += fmt::format("\n# then take ssmmessages out of policy {} of role {}", policy.name, from.name);
    } else if (policy.arn.empty()) {
      lines += "\n" + ferry_line(facts, "iam", "DeleteRolePolicy",
                                 {{"RoleName", from.name}, {"PolicyName", policy.name}});
    } else {
      lines += "\n" + ferry_line(facts, "iam", "DetachRolePolicy",
                                 {{"RoleName", from.name}, {"PolicyArn", policy.arn}});
    }
  }
  return lines;
}

// The execution role, where it has by mistake what the task role lacks.
const RoleFacts* mistaken_role(const Facts& facts, const std::vector<std::string>& missing) {
  if (execution_role_arn(facts).empty() || execution_role_arn(facts) == task_role_arn(facts)) return nullptr;
  if (!facts.execution_role) return nullptr;
  const RoleGap gap = gap_of(*facts.execution_role, missing, "*");
  return gap.missing.empty() && gap.denied_by.empty() && gap.unknown.empty() ? &*facts.execution_role
                                                                             : nullptr;
}

Finding on_the_wrong_role(const Facts& facts, const RoleFacts& mistaken) {
  const RoleFacts& role = *facts.task_role;
  Fixes fixes = grant(facts, role.name, "ferry-exec", allow_document(channel_actions(), {"*"}));
  fixes.commands += removal(facts, mistaken);
  fixes.terraform += fmt::format("\n# and leave ssmmessages out of the policies of role {}", mistaken.name);
  return wrong(std::string(kRights),
               fmt::format("the ssmmessages rights are on the execution role {}, not on the task role {}",
                           mistaken.name, role.name),
               "the execution role starts the task; the exec agent in it acts as the task role",
               std::move(fixes));
}

// Of its own for each service: two fixes on one identity must not put their policies in each other's place.
std::string policy_name(std::string_view prefix, const std::vector<std::string>& actions) {
  const std::string& action = actions.front();
  return fmt::format("{}-{}", prefix, action.substr(0, action.find(':')));
}

struct Identity {
  std::string kind, name;  // "user" or "role"; empty for others
};

Identity identity_of(std::string_view arn) {
  const std::string resource = arn_part(arn, 5);
  if (resource.starts_with("user/")) return {.kind = "user", .name = last_part(resource)};
  constexpr std::string_view kAssumed = "assumed-role/";
  if (!resource.starts_with(kAssumed)) return {};
  const std::string rest = resource.substr(kAssumed.size());
  return {.kind = "role", .name = rest.substr(0, rest.find('/'))};
}

Fixes caller_grant(const Facts& facts, const std::vector<std::string>& actions,
                   const std::vector<std::string>& resources) {
  const Identity identity = identity_of(facts.caller.arn);
  if (identity.kind.empty()) return {};
  const json::object document = allow_document(actions, resources);
  if (identity.name.starts_with("AWSReservedSSO_")) {
    const std::string line =
        fmt::format("# into the permission set behind {}: {}", identity.name, json::serialize(document));
    return {.commands = line, .terraform = line};
  }
  const std::string name = policy_name("ferry-caller", actions);
  if (identity.kind == "role") return grant(facts, identity.name, name, document);
  Fixes fixes;
  fixes.commands = ferry_line(
      facts, "iam", "PutUserPolicy",
      {{"UserName", identity.name}, {"PolicyName", name}, {"PolicyDocument", json::serialize(document)}});
  fixes.terraform = terraform_in("aws_iam_user_policy", name,
                                 fmt::format("name   = \"{}\"\nuser   = \"{}\"\npolicy = {}", name,
                                             identity.name, terraform_json(document)));
  return fixes;
}

void check_caller_right(const Facts& facts, const Result<bool>& may, const std::string& action,
                        const std::vector<std::string>& resources, Findings& findings) {
  const std::string name = "caller";
  if (!may) {
    findings.push_back(cannot_tell(name, fmt::format("whether you may {}", action), may.error().what));
  } else if (*may) {
    findings.push_back(fine(name, fmt::format("you may {}", action)));
  } else {
    findings.push_back(wrong(name, fmt::format("{} may not {}", facts.caller.arn, action),
                             "exec begins with that call", caller_grant(facts, {action}, resources)));
  }
}

// A check of its own: ExecuteCommand is not refused for want of this right, only the session that follows.
void check_channel_right(const Facts& facts, const std::string& sessions, Findings& findings) {
  const std::string name(kChannelCheck);
  const std::string action = "ssmmessages:OpenDataChannel";
  const Result<bool>& may = facts.caller.may_open_channel;
  if (!may) {
    findings.push_back(cannot_tell(name, fmt::format("whether you may {}", action), may.error().what));
  } else if (*may) {
    findings.push_back(fine(name, fmt::format("you may {} to sessions of exec", action)));
  } else {
    findings.push_back(
        wrong(name, fmt::format("{} may not {} on {}", facts.caller.arn, action, sessions),
              "sessions are opened signed, and AWS may refuse the signature of who has not that right",
              caller_grant(facts, {action}, {sessions})));
  }
}

}  // namespace

RoleGap gap_of(const RoleFacts& role, const std::vector<std::string>& actions, const std::string& resource) {
  RoleGap gap;
  const auto judge = [&](std::span<const Policy> policies) {
    for (const std::string& action : actions) {
      const AccessQuestion question{.action = action, .resource = resource, .principal = {}, .context = {}};
      const AccessRuling ruling = evaluate(policies, question);
      if (ruling.access == Access::not_allowed) gap.missing.push_back(action);
      if (ruling.access == Access::explicitly_denied && gap.denied_by.empty()) gap.denied_by = ruling.because;
      if (ruling.access == Access::unknown && gap.unknown.empty())
        gap.unknown = fmt::format("it depends on a condition ({})", ruling.because);
    }
  };
  judge(role.policies);
  if (!gap.missing.empty() || !gap.denied_by.empty()) return gap;
  if (!role.boundary) {
    gap.unknown = fmt::format("the permissions boundary of role {} cannot be read", role.name);
  } else if (*role.boundary) {
    judge({&**role.boundary, 1});
    gap.is_boundary = !gap.missing.empty() && gap.denied_by.empty();
  }
  return gap;
}

bool report_gap(const Facts& facts, std::string_view check, const RoleGap& gap,
                const std::vector<std::string>& actions, const std::vector<std::string>& resources,
                std::string_view consequence, Findings& findings) {
  const RoleFacts& role = *facts.task_role;
  if (!gap.denied_by.empty()) {
    findings.push_back(wrong(std::string(check),
                             fmt::format("task role {} is denied {}", role.name, fmt::join(actions, ", ")),
                             fmt::format("by {}: a Deny outweighs every Allow", gap.denied_by),
                             by_hand(facts, role, fmt::format("take the Deny out of {}", gap.denied_by))));
  } else if (gap.is_boundary) {
    findings.push_back(boundary_lacks(facts, check, role, gap, resources, consequence));
  } else if (!gap.missing.empty()) {
    findings.push_back(wrong(std::string(check),
                             fmt::format("task role {} may not {}", role.name, fmt::join(gap.missing, ", ")),
                             std::string(consequence),
                             grant(facts, role.name, policy_name(fmt::format("ferry-{}", check), actions),
                                   allow_document(actions, resources))));
  } else if (!gap.unknown.empty()) {
    findings.push_back(cannot_tell(
        std::string(check), fmt::format("whether task role {} may {}", role.name, fmt::join(actions, ", ")),
        gap.unknown));
  } else {
    return false;
  }
  return true;
}

void check_task_role(const Facts& facts, Findings& findings) {
  const TaskDefinitionFacts* definition = known(facts.definition);
  const std::string arn = task_role_arn(facts);
  const std::string name(kTaskRole);
  if (arn.empty() && definition == nullptr) {
    findings.push_back(
        cannot_tell(name, "the task role",
                    facts.definition ? "there is no task definition" : facts.definition.error().what));
  } else if (arn.empty()) {
    findings.push_back(no_role(facts, *definition));
  } else if (!facts.task_role && facts.task_role.error().service_code == "NoSuchEntity") {
    findings.push_back(wrong(name, fmt::format("the task role {} does not exist", last_part(arn)),
                             "the exec agent acts as the task role", new_role(facts, last_part(arn))));
  } else {
    findings.push_back(fine(name, fmt::format("task role {}", last_part(arn))));
  }
}

void check_trust(const Facts& facts, Findings& findings) {
  const std::string arn = task_role_arn(facts);
  const std::string name(kTrust);
  if (arn.empty()) return;
  if (!facts.task_role) {
    if (facts.task_role.error().service_code != "NoSuchEntity")
      findings.push_back(cannot_tell(name, "who may assume the task role", facts.task_role.error().what));
    return;
  }
  const RoleFacts& role = *facts.task_role;
  AccessQuestion question{
      .action = "sts:AssumeRole", .resource = {}, .principal = std::string(kTasksPrincipal), .context = {}};
  const std::string account = arn_part(role.arn, 4);
  question.context["aws:sourceaccount"] = account;
  question.context["aws:sourcearn"] =
      fmt::format("arn:{}:ecs:{}:{}:task/*", arn_part(role.arn, 1), facts.region, account);
  const AccessRuling ruling = evaluate({&role.trust, 1}, question);
  if (ruling.access == Access::allowed) {
    findings.push_back(fine(name, fmt::format("{} may assume role {}", kTasksPrincipal, role.name)));
    return;
  }
  if (ruling.access == Access::unknown) {
    findings.push_back(cannot_tell(name, fmt::format("whether tasks may assume role {}", role.name),
                                   fmt::format("it depends on a condition ({})", ruling.because)));
    return;
  }
  Fixes fixes;
  if (ruling.access == Access::explicitly_denied) {
    fixes = by_hand(facts, role, fmt::format("take the Deny out of {}", ruling.because));
  } else {
    const json::object document = extended(role.trust.text, trust_statement());
    fixes.commands = ferry_line(facts, "iam", "UpdateAssumeRolePolicy",
                                {{"RoleName", role.name}, {"PolicyDocument", json::serialize(document)}});
    fixes.terraform = terraform_in("aws_iam_role", role.name,
                                   fmt::format("assume_role_policy = {}", terraform_json(document)));
  }
  std::vector<std::string> trusted;
  trusted.reserve(role.trust.statements.size());
  for (const PolicyStatement& statement : role.trust.statements) trusted.push_back(readable(statement));
  findings.push_back(wrong(name,
                           fmt::format("{} may not assume the task role {}", kTasksPrincipal, role.name),
                           fmt::format("its trust policy is for {}{}", fmt::join(trusted, "; "),
                                       ruling.because.empty() ? "" : fmt::format(" ({})", ruling.because)),
                           std::move(fixes)));
}

void check_channel_rights(const Facts& facts, Findings& findings) {
  if (task_role_arn(facts).empty()) return;
  const std::string name(kRights);
  if (!facts.task_role) {
    if (facts.task_role.error().service_code != "NoSuchEntity")
      findings.push_back(
          cannot_tell(name, "the ssmmessages rights of the task role", facts.task_role.error().what));
    return;
  }
  const RoleGap gap = gap_of(*facts.task_role, channel_actions(), "*");
  const RoleFacts* mistaken = gap.missing.empty() || !gap.denied_by.empty() || gap.is_boundary
                                  ? nullptr
                                  : mistaken_role(facts, gap.missing);
  if (mistaken != nullptr) {
    findings.push_back(on_the_wrong_role(facts, *mistaken));
    return;
  }
  constexpr std::string_view kConsequence = "without all four the exec agent cannot connect";
  if (!report_gap(facts, kRights, gap, channel_actions(), {"*"}, kConsequence, findings))
    findings.push_back(
        fine(name, fmt::format("task role {} has the four ssmmessages rights", facts.task_role->name)));
}

void check_caller(const Facts& facts, Findings& findings) {
  const TaskFacts* task = known(facts.task);
  std::vector<std::string> resources;
  if (facts.cluster && !facts.cluster->arn.empty()) resources.push_back(facts.cluster->arn);
  if (task != nullptr) {
    const std::string& arn = task->arn;
    resources.push_back(arn.substr(0, arn.rfind('/')) + "/*");
  }
  if (resources.empty()) resources.emplace_back("*");
  check_caller_right(facts, facts.caller.may_execute, "ecs:ExecuteCommand", resources, findings);
  if (facts.cluster && !facts.cluster->kms_key.empty()) {
    check_caller_right(facts, facts.caller.may_generate_data_key, "kms:GenerateDataKey",
                       {facts.cluster->kms_key}, findings);
  }
  check_channel_right(facts, wire::session_resource(resources.front(), facts.region, "ecs-execute-command-"),
                      findings);
}

}  // namespace ferry::feature
