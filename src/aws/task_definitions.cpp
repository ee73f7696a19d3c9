#include "aws/task_definitions.hpp"

#include "aws/answer_reader.hpp"

#include <utility>

#include <fmt/format.h>

namespace ferry::aws::ecs {
namespace {

namespace json = boost::json;

Result<json::object> definition_in(const json::object& answer, std::string_view operation) {
  if (const json::object* definition = object_in(answer, "taskDefinition")) return *definition;
  return fail(FailureCode::protocol, fmt::format("ecs {}: the answer has no taskDefinition", operation));
}

}  // namespace

net::Task<Result<json::object>> describe_whole_task_definition(Client& client, std::string task_definition) {
  json::object input;
  input["taskDefinition"] = task_definition;
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DescribeTaskDefinition", std::move(input));
  if (!answer) co_return fail(answer.error());
  co_return definition_in(*answer, "DescribeTaskDefinition");
}

net::Task<Result<std::string>> register_task_definition(Client& client, json::object definition,
                                                        net::Event* called_off) {
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "RegisterTaskDefinition", std::move(definition), called_off);
  if (!answer) co_return fail(answer.error());
  const Result<json::object> registered = definition_in(*answer, "RegisterTaskDefinition");
  if (!registered) co_return fail(registered.error());
  std::string arn = text_in(*registered, "taskDefinitionArn");
  if (arn.empty())
    co_return fail(FailureCode::protocol, "ecs RegisterTaskDefinition: the answer has no taskDefinitionArn");
  co_return arn;
}

net::Task<Result<>> deregister_task_definition(Client& client, std::string arn) {
  json::object input;
  input["taskDefinition"] = arn;
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DeregisterTaskDefinition", std::move(input));
  if (!answer) co_return fail(answer.error());
  co_return Result<>();
}

net::Task<Result<std::vector<std::string>>> list_newest_revisions(Client& client, std::string family) {
  json::object input;
  input["familyPrefix"] = family;  // whose value is a whole family name, whatever it is called
  input["status"] = "ACTIVE";
  input["sort"] = "DESC";
  input["maxResults"] = 100;
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "ListTaskDefinitions", std::move(input));
  if (!answer) co_return fail(answer.error());
  co_return texts_in(*answer, "taskDefinitionArns");
}

}  // namespace ferry::aws::ecs
