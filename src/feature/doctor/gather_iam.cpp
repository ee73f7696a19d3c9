#include "aws/answer_reader.hpp"
#include "feature/doctor/gather.hpp"

#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;
using aws::Service;
using aws::text_in;

constexpr int kMostPages = 20;

// Every page of a list of names or policies: IAM pages by Marker.
net::Task<Result<std::vector<json::value>>> read_list(aws::Client& client, std::string operation,
                                                      std::string role, std::string list) {
  std::vector<json::value> items;
  json::object input;
  input["RoleName"] = role;
  for (int page = 0; page < kMostPages; ++page) {
    const Result<json::object> answer = co_await client.call(Service::iam, operation, input);
    if (!answer) co_return fail(answer.error());
    const json::value* found = answer->if_contains(list);
    if (found != nullptr && found->is_array()) {
      for (const json::value& item : found->get_array()) items.push_back(item);
    }
    if (text_in(*answer, "IsTruncated") != "true") co_return items;
    const std::string marker = text_in(*answer, "Marker");
    if (marker.empty() || marker == text_in(input, "Marker")) break;
    input["Marker"] = marker;
  }
  co_return fail(FailureCode::protocol, fmt::format("iam {}: its pages do not end", operation));
}

// The document of a managed policy's default version.
net::Task<Result<Policy>> read_managed(aws::Client& client, std::string arn) {
  json::object input;
  input["PolicyArn"] = arn;
  const Result<json::object> answer = co_await client.call(Service::iam, "GetPolicy", input);
  if (!answer) co_return fail(answer.error());
  const json::object* policy = aws::object_in(*answer, "Policy");
  input["VersionId"] = policy == nullptr ? std::string() : text_in(*policy, "DefaultVersionId");
  const Result<json::object> version =
      co_await client.call(Service::iam, "GetPolicyVersion", std::move(input));
  if (!version) co_return fail(version.error());
  const json::object* document = aws::object_in(*version, "PolicyVersion");
  co_return parse_policy(last_part(arn), arn,
                         url_decoded(document == nullptr ? std::string() : text_in(*document, "Document")));
}

net::Task<Result<Policy>> read_inline(aws::Client& client, std::string role, std::string name) {
  json::object input;
  input["RoleName"] = role;
  input["PolicyName"] = name;
  const Result<json::object> answer = co_await client.call(Service::iam, "GetRolePolicy", std::move(input));
  if (!answer) co_return fail(answer.error());
  co_return parse_policy(name, "", url_decoded(text_in(*answer, "PolicyDocument")));
}

net::Task<Result<std::vector<Policy>>> read_policies(aws::Client& client, std::string role) {
  std::vector<Policy> policies;
  const Result<std::vector<json::value>> attached =
      co_await read_list(client, "ListAttachedRolePolicies", role, "AttachedPolicies");
  if (!attached) co_return fail(attached.error());
  for (const json::value& item : *attached) {
    if (!item.is_object()) continue;
    Result<Policy> policy = co_await read_managed(client, text_in(item.get_object(), "PolicyArn"));
    if (!policy) co_return fail(policy.error());
    policies.push_back(std::move(*policy));
  }
  const Result<std::vector<json::value>> names =
      co_await read_list(client, "ListRolePolicies", role, "PolicyNames");
  if (!names) co_return fail(names.error());
  for (const json::value& name : *names) {
    if (!name.is_string()) continue;
    Result<Policy> policy = co_await read_inline(client, role, std::string(name.get_string()));
    if (!policy) co_return fail(policy.error());
    policies.push_back(std::move(*policy));
  }
  co_return policies;
}

net::Task<Result<json::object>> get_role(aws::Client& client, std::string name) {
  json::object input;
  input["RoleName"] = name;
  const Result<json::object> answer = co_await client.call(Service::iam, "GetRole", std::move(input));
  if (!answer) co_return fail(answer.error());
  const json::object* role = aws::object_in(*answer, "Role");
  if (role == nullptr) co_return fail(FailureCode::protocol, "iam GetRole: the answer has no Role");
  co_return *role;
}

// The ARN that a simulation takes: of a role instead of a session in it.
net::Task<Result<std::string>> policy_source(aws::Client& client, std::string arn) {
  constexpr std::string_view kAssumed = "assumed-role/";
  const std::string resource = arn_part(arn, 5);
  if (!resource.starts_with(kAssumed)) co_return arn;
  const std::string rest = resource.substr(kAssumed.size());
  const Result<json::object> role = co_await get_role(client, rest.substr(0, rest.find('/')));
  if (!role) co_return fail(role.error());
  co_return text_in(*role, "Arn");
}

net::Task<Result<bool>> simulate(aws::Client& client, std::string source, std::string action,
                                 std::string resource) {
  json::object input;
  input["PolicySourceArn"] = source;
  input["ActionNames"] = json::array{json::string(action)};
  if (!resource.empty()) input["ResourceArns"] = json::array{json::string(resource)};
  const Result<json::object> answer =
      co_await client.call(Service::iam, "SimulatePrincipalPolicy", std::move(input));
  if (!answer) co_return fail(answer.error());
  for (const json::object* one : aws::objects_in(*answer, "EvaluationResults")) {
    // Conditions on what the call will carry (ecs:container-name) cannot be simulated: they are missing here.
    if (text_in(*one, "EvalDecision") == "allowed") co_return true;
    const json::value* missing = one->if_contains("MissingContextValues");
    if (missing != nullptr && missing->is_array() && !missing->get_array().empty())
      co_return fail(FailureCode::refused, "it depends on a condition in your policies");
    co_return false;
  }
  co_return fail(FailureCode::protocol, "iam SimulatePrincipalPolicy: the answer has no result");
}

// A simulation wants a whole ARN: that of a session as ECS names them.
std::string one_exec_session(std::string_view task_or_cluster_arn) {
  if (task_or_cluster_arn.empty()) return {};
  return fmt::format("arn:{}:ssm:{}:{}:session/ecs-execute-command-0123456789abcdef0",
                     arn_part(task_or_cluster_arn, 1), arn_part(task_or_cluster_arn, 3),
                     arn_part(task_or_cluster_arn, 4));
}

}  // namespace

net::Task<Result<RoleFacts>> read_role(aws::Client& client, std::string arn) {
  const std::string name = last_part(arn);
  const Result<json::object> role = co_await get_role(client, name);
  if (!role) co_return fail(role.error());
  RoleFacts facts;
  facts.name = name;
  facts.arn = text_in(*role, "Arn");
  Result<Policy> trust =
      parse_policy("trust policy", "", url_decoded(text_in(*role, "AssumeRolePolicyDocument")));
  if (!trust) co_return fail(trust.error());
  facts.trust = std::move(*trust);
  Result<std::vector<Policy>> policies = co_await read_policies(client, name);
  if (!policies) co_return fail(policies.error());
  facts.policies = std::move(*policies);
  const json::object* boundary = aws::object_in(*role, "PermissionsBoundary");
  if (boundary != nullptr) {
    Result<Policy> policy = co_await read_managed(client, text_in(*boundary, "PermissionsBoundaryArn"));
    if (policy) {
      facts.boundary = std::move(*policy);
    } else {
      facts.boundary = fail(policy.error());
    }
  }
  co_return facts;
}

net::Task<Result<CallerFacts>> read_caller(aws::Client& client, std::string task_or_cluster_arn,
                                           std::string kms_key) {
  const Result<json::object> identity =
      co_await client.call(Service::sts, "GetCallerIdentity", json::object{});
  if (!identity) co_return fail(identity.error());
  CallerFacts caller;
  caller.arn = text_in(*identity, "Arn");
  if (arn_part(caller.arn, 5) == "root") {  // the account's owner is refused nothing, and cannot be simulated
    caller.may_execute = caller.may_generate_data_key = caller.may_open_channel = true;
    co_return caller;
  }
  const Result<std::string> source = co_await policy_source(client, caller.arn);
  if (!source) {
    caller.may_execute = caller.may_generate_data_key = caller.may_open_channel = fail(source.error());
    co_return caller;
  }
  caller.may_execute = co_await simulate(client, *source, "ecs:ExecuteCommand", task_or_cluster_arn);
  caller.may_open_channel = co_await simulate(client, *source, "ssmmessages:OpenDataChannel",
                                              one_exec_session(task_or_cluster_arn));
  if (!kms_key.empty()) {
    const std::string resource = kms_key.starts_with("arn:") ? kms_key : std::string();
    caller.may_generate_data_key = co_await simulate(client, *source, "kms:GenerateDataKey", resource);
  }
  co_return caller;
}

}  // namespace ferry::feature
