#include "feature/run/plan.hpp"

#include "aws/answer_reader.hpp"
#include "aws/task_definitions.hpp"
#include "feature/near_targets.hpp"
#include "feature/run/like_service.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

net::Task<Result<json::object>> like_input(aws::Client& client, std::optional<Target> like) {
  if (!like) co_return json::object();
  const Result<json::object> service =
      co_await aws::ecs::describe_whole_service(client, like->cluster, like->name);
  if (!service) {
    const Failure failure = co_await with_near_targets(client, *like, service.error());
    co_return fail(failure.in(fmt::format("--like {}/{}", like->cluster, like->name)));
  }
  json::object input = like_service(*service);
  input["cluster"] = like->cluster;
  co_return input;
}

// Named by the user, in the JSON they gave, or by the service.
std::string named(const std::string& by_flag, const RunRequest& request, const json::object& like,
                  std::string_view member) {
  if (!by_flag.empty()) return by_flag;
  std::string given = aws::text_in(request.given_input, member);
  return given.empty() ? aws::text_in(like, member) : given;
}

// Whether the container's PATH is not its image's, but one that the task definition or the run gives it.
bool sets_path(const json::object& definition, std::string_view container, const ContainerChange& change) {
  const auto is_path = [](const std::string& name) { return name == "PATH"; };
  if (std::ranges::any_of(change.environment, is_path, &std::pair<std::string, std::string>::first))
    return true;
  for (const json::object* one : aws::objects_in(definition, "containerDefinitions")) {
    if (aws::text_in(*one, "name") != container) continue;
    for (const json::object* variable : aws::objects_in(*one, "environment"))
      if (aws::text_in(*variable, "name") == "PATH") return true;
  }
  return false;
}

}  // namespace

net::Task<Result<RunPlan>> plan_run(aws::Client& client, RunRequest request) {
  const Result<json::object> like = co_await like_input(client, request.like);
  if (!like) co_return fail(like.error());
  request.task_definition = named(request.task_definition, request, *like, "taskDefinition");
  request.cluster = named(request.cluster, request, *like, "cluster");
  if (request.task_definition.empty()) {
    co_return fail(FailureCode::usage, "no task definition is named",
                   "name a family, family:revision or ARN, or a service with --like CLUSTER/SERVICE");
  }
  Result<json::object> definition =
      co_await aws::ecs::describe_whole_task_definition(client, request.task_definition);
  if (!definition) {
    Failure failure = definition.error().in(request.task_definition);
    if (failure.hint.empty() && aws::ecs::error_of(failure) == aws::ecs::Error::client) {
      failure.hint = fmt::format("check family, revision and region ({})", client.settings().region);
      failure = co_await with_near_families(client, request.task_definition, std::move(failure));
    }
    co_return fail(std::move(failure));
  }
  aws::ecs::TaskDefinition described = aws::ecs::task_definition_from_json(*definition);
  Result<ContainerChoice> container = choose_container(described, request);
  if (!container) co_return fail(container.error());
  if (request.command_is_shell && sets_path(*definition, container->name, request.change))
    request.change.command.front() = "/bin/sh";
  json::object input = run_task_input(request, *like, container->name);
  co_return RunPlan{.cluster = request.cluster,
                    .input = std::move(input),
                    .definition = std::move(*definition),
                    .described = std::move(described),
                    .container = std::move(container->name),
                    .container_notice = std::move(container->notice)};
}

}  // namespace ferry::feature
