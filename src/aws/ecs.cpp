#include "aws/ecs.hpp"

#include "aws/answer_reader.hpp"
#include "aws/pages.hpp"

#include <iterator>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

namespace ferry::aws::ecs {
namespace {

namespace json = boost::json;

// An answer without the one thing that it is for cannot be worked with.
tl::unexpected<Failure> incomplete(std::string_view operation, std::string_view member) {
  return fail(FailureCode::protocol, fmt::format("ecs {}: the answer has no {}", operation, member));
}

}  // namespace

net::Task<Result<DescribedTasks>> describe_tasks(Client& client, std::string cluster,
                                                 std::vector<std::string> tasks) {
  json::object input;
  input["cluster"] = cluster;
  input["tasks"] = json::array(tasks.begin(), tasks.end());
  const Result<json::object> answer = co_await client.call(Service::ecs, "DescribeTasks", std::move(input));
  if (!answer) co_return fail(answer.error());
  co_return described_tasks_from_json(*answer);
}

net::Task<Result<std::vector<std::string>>> list_tasks(Client& client, std::string cluster,
                                                       json::object filter) {
  filter["cluster"] = cluster;
  std::vector<std::string> arns;
  const std::function<void(const json::object&)> take = [&arns](const json::object& answer) {
    std::vector<std::string> page = texts_in(answer, "taskArns");
    std::ranges::move(page, std::back_inserter(arns));
  };
  const Result<> read = co_await read_pages(client, Service::ecs, "ListTasks", std::move(filter), take);
  if (!read) co_return fail(read.error());
  co_return arns;
}

net::Task<Result<DescribedTasks>> run_task(Client& client, json::object input, net::Event* called_off) {
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "RunTask", std::move(input), called_off);
  if (!answer) co_return fail(answer.error());
  co_return described_tasks_from_json(*answer);
}

net::Task<Result<Task>> stop_task(Client& client, std::string cluster, std::string task, std::string reason) {
  json::object input;
  input["cluster"] = cluster;
  input["task"] = task;
  input["reason"] = reason;
  const Result<json::object> answer = co_await client.call(Service::ecs, "StopTask", std::move(input));
  if (!answer) co_return fail(answer.error());
  const json::object* stopped = object_in(*answer, "task");
  if (stopped == nullptr) co_return incomplete("StopTask", "task");
  co_return task_from_json(*stopped);
}

net::Task<Result<TaskDefinition>> describe_task_definition(Client& client, std::string task_definition) {
  json::object input;
  input["taskDefinition"] = task_definition;
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DescribeTaskDefinition", std::move(input));
  if (!answer) co_return fail(answer.error());
  const json::object* described = object_in(*answer, "taskDefinition");
  if (described == nullptr) co_return incomplete("DescribeTaskDefinition", "taskDefinition");
  co_return task_definition_from_json(*described);
}

net::Task<Result<ExecConfiguration>> describe_exec_configuration(Client& client, std::string cluster) {
  json::object input;
  input["clusters"] = json::array{json::string(cluster)};
  input["include"] = json::array{"CONFIGURATIONS"};
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DescribeClusters", std::move(input));
  if (!answer) co_return fail(answer.error());
  const std::vector<const json::object*> clusters = objects_in(*answer, "clusters");
  if (clusters.empty())
    co_return fail(FailureCode::not_found, fmt::format("there is no cluster {}", cluster));
  co_return exec_configuration_from_json(*clusters.front());
}

net::Task<Result<json::object>> describe_whole_service(Client& client, std::string cluster,
                                                       std::string service) {
  json::object input;
  input["cluster"] = cluster;
  input["services"] = json::array{json::string(service)};
  input["include"] = json::array{"TAGS"};
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DescribeServices", std::move(input));
  if (!answer) co_return fail(answer.error());
  const std::vector<const json::object*> services = objects_in(*answer, "services");
  if (services.empty()) {
    co_return fail(FailureCode::not_found,
                   fmt::format("there is no service {} in cluster {}", service, cluster));
  }
  co_return *services.front();
}

net::Task<Result<ServiceState>> describe_service(Client& client, std::string cluster, std::string service) {
  const Result<json::object> whole =
      co_await describe_whole_service(client, std::move(cluster), std::move(service));
  if (!whole) co_return fail(whole.error());
  co_return service_from_json(*whole);
}

net::Task<Result<ExecSession>> execute_command(Client& client, std::string cluster, std::string task,
                                               std::string container, std::string command,
                                               net::Event* called_off) {
  json::object input;
  input["cluster"] = cluster;
  input["task"] = task;
  if (!container.empty()) input["container"] = container;
  input["command"] = command;
  input["interactive"] = true;  // the only mode that the service has
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "ExecuteCommand", std::move(input), called_off);
  if (!answer) co_return fail(answer.error());
  ExecSession session = exec_session_from_json(*answer);
  if (session.stream_url.empty() || session.token_value.empty()) {
    co_return incomplete("ExecuteCommand", "session");
  }
  co_return session;
}

}  // namespace ferry::aws::ecs
