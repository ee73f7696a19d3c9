#include "feature/doctor/gather.hpp"

#include "aws/answer_reader.hpp"
#include "aws/ecs.hpp"
#include "aws/endpoints.hpp"
#include "base/text.hpp"
#include "feature/doctor/read_facts.hpp"
#include "feature/near_targets.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;
using aws::Service;
using aws::text_in;

// DescribeTasks takes no more.
constexpr std::size_t kMostDescribed = 100;

Failure not_asked(std::string_view why) {
  return {.code = FailureCode::cancelled, .what = std::string(why), .hint = {}, .service_code = {}};
}

// A refusal that is about this one call, not about the connection or the credentials.
bool is_partial(const Failure& failure) {
  return failure.code == FailureCode::refused || failure.service_code.starts_with("AccessDenied");
}

bool is_absence(const Failure& failure) {
  return failure.service_code == "ServiceNotFoundException" ||
         failure.service_code == "ClusterNotFoundException";
}

net::Task<Result<ClusterFacts>> read_cluster(aws::Client& client, std::string name) {
  json::object input;
  input["clusters"] = json::array{json::string(name)};
  input["include"] = json::array{json::string("CONFIGURATIONS")};
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DescribeClusters", std::move(input));
  if (!answer) co_return fail(answer.error());
  const std::vector<const json::object*> clusters = aws::objects_in(*answer, "clusters");
  if (!clusters.empty()) co_return cluster_facts(*clusters.front());
  ClusterFacts missing;
  missing.name = name;
  missing.status = "MISSING";
  co_return missing;
}

net::Task<Result<std::optional<ServiceFacts>>> read_service(aws::Client& client, std::string cluster,
                                                            std::string name) {
  json::object input;
  input["cluster"] = cluster;
  input["services"] = json::array{json::string(name)};
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DescribeServices", std::move(input));
  if (!answer && is_absence(answer.error())) co_return std::nullopt;
  if (!answer) co_return fail(answer.error());
  const std::vector<const json::object*> services = aws::objects_in(*answer, "services");
  if (services.empty()) co_return std::nullopt;
  ServiceFacts facts = service_facts(*services.front());
  facts.definition = text_in(*services.front(), "taskDefinition");
  co_return facts;
}

net::Task<Result<std::vector<std::string>>> list(aws::Client& client, Target target, std::string status) {
  json::object filter;
  if (target.kind == Target::Kind::service) filter["serviceName"] = target.name;
  if (target.kind == Target::Kind::family) filter["family"] = target.name;
  filter["desiredStatus"] = status;
  Result<std::vector<std::string>> arns =
      co_await aws::ecs::list_tasks(client, target.cluster, std::move(filter));
  if (!arns && is_absence(arns.error())) co_return std::vector<std::string>{};
  if (arns && target.kind == Target::Kind::task)
    std::erase_if(*arns,
                  [&target](const std::string& arn) { return !last_part(arn).starts_with(target.name); });
  co_return arns;
}

// The tasks that the target may mean: those that run or are to run, else those that stopped lately.
net::Task<Result<std::vector<std::string>>> find_arns(aws::Client& client, Target target) {
  if (target.kind == Target::Kind::task && is_whole_task_id(target.name))
    co_return std::vector<std::string>{target.name};
  for (const char* status : {"RUNNING", "STOPPED"}) {
    Result<std::vector<std::string>> arns = co_await list(client, target, status);
    if (!arns || !arns->empty()) co_return arns;
  }
  co_return std::vector<std::string>{};
}

bool has_running_agent(const TaskFacts& task) {
  return std::ranges::any_of(
      task.containers, [](const ContainerState& container) { return container.agent_status == "RUNNING"; });
}

// The one that exec would enter.
const TaskFacts& best_of(const std::vector<TaskFacts>& tasks) {
  return *std::ranges::max_element(tasks, {}, [](const TaskFacts& task) {
    return std::tuple(task.last_status == "RUNNING", task.exec_enabled, has_running_agent(task),
                      task.started_at);
  });
}

net::Task<Result<std::optional<TaskFacts>>> read_task(aws::Client& client, Target target) {
  Result<std::vector<std::string>> arns = co_await find_arns(client, target);
  if (!arns) co_return fail(arns.error());
  if (arns->empty()) co_return std::nullopt;
  if (target.kind == Target::Kind::task && arns->size() > 1) {
    co_return fail(
        FailureCode::ambiguous,
        fmt::format("{} fits {} tasks: {}", describe(target), arns->size(), fmt::join(*arns, ", ")),
        "write more of the id");
  }
  if (arns->size() > kMostDescribed) arns->resize(kMostDescribed);
  json::object input;
  input["cluster"] = target.cluster;
  input["tasks"] = json::array(arns->begin(), arns->end());
  const Result<json::object> answer = co_await client.call(Service::ecs, "DescribeTasks", std::move(input));
  if (!answer && is_absence(answer.error())) co_return std::nullopt;
  if (!answer) co_return fail(answer.error());
  std::vector<TaskFacts> tasks;
  for (const json::object* task : aws::objects_in(*answer, "tasks")) tasks.push_back(task_facts(*task));
  if (tasks.empty()) co_return std::nullopt;
  co_return best_of(tasks);
}

net::Task<Result<std::optional<TaskDefinitionFacts>>> read_definition(aws::Client& client, std::string name) {
  json::object input;
  input["taskDefinition"] = name;
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DescribeTaskDefinition", std::move(input));
  // "Unable to describe task definition." is a ClientException.
  if (!answer && answer.error().service_code == "ClientException") co_return std::nullopt;
  if (!answer) co_return fail(answer.error());
  const json::object* definition = aws::object_in(*answer, "taskDefinition");
  if (definition == nullptr) co_return std::nullopt;
  co_return definition_facts(*definition);
}

net::Task<Result<bool>> log_group_exists(aws::Client& client, std::string name) {
  json::object input;
  input["logGroupNamePrefix"] = name;
  const Result<json::object> answer =
      co_await client.call(Service::logs, "DescribeLogGroups", std::move(input));
  if (!answer) co_return fail(answer.error());
  co_return std::ranges::any_of(aws::objects_in(*answer, "logGroups"), [&name](const json::object* group) {
    return text_in(*group, "logGroupName") == name;
  });
}

// The sessions to the container that is meant, else to the fullest one.
net::Task<Result<std::vector<std::string>>> open_sessions(aws::Client& client, const Facts& facts) {
  const std::string cluster = facts.target.cluster;
  const TaskFacts task = **facts.task;
  std::vector<std::string> most;
  for (const ContainerState& one : task.containers) {
    if (one.runtime_id.empty() || !is_meant(facts, one.name)) continue;
    json::object filter;
    filter["key"] = "Target";
    filter["value"] = fmt::format("ecs:{}_{}_{}", cluster, task.id, one.runtime_id);
    json::object input;
    input["State"] = "Active";
    input["Filters"] = json::array{std::move(filter)};
    const Result<json::object> answer =
        co_await client.call(Service::ssm, "DescribeSessions", std::move(input));
    if (!answer) co_return fail(answer.error());
    std::vector<std::string> ids;
    for (const json::object* session : aws::objects_in(*answer, "Sessions"))
      ids.push_back(text_in(*session, "SessionId"));
    if (ids.size() > most.size()) most = std::move(ids);
  }
  co_return most;
}

// The definition's name: the task's, the service's, the one asked for.
std::string definition_name(const Facts& facts) {
  if (!facts.task_definition_asked.empty()) return facts.task_definition_asked;
  if (const TaskFacts* task = known(facts.task)) return task->definition;
  if (const ServiceFacts* service = known(facts.service)) return service->definition;
  return facts.target.kind == Target::Kind::family ? facts.target.name : std::string();
}

// An endpoint that is not AWS may lack whole services: said in one way, however it refuses.
template <class T>
void say_what_endpoint_lacks(const Facts& facts, Result<T>& fact) {
  constexpr std::array<std::string_view, 3> kLacking{"SignatureDoesNotMatch", "InvalidAction",
                                                     "UnknownOperationException"};
  if (fact || facts.endpoint.empty()) return;
  if (std::ranges::find(kLacking, fact.error().service_code) == kLacking.end()) return;
  fact.error().what = fmt::format("the endpoint {} does not know the call", facts.endpoint);
}

net::Task<> gather_roles(aws::Client& client, Facts& facts) {
  facts.task_role = facts.execution_role = fail(not_asked("there is no such role"));
  const std::string task_role = task_role_arn(facts);
  const std::string execution_role = execution_role_arn(facts);
  if (!task_role.empty()) facts.task_role = co_await read_role(client, task_role);
  if (execution_role.empty() || execution_role == task_role) co_return;
  if (facts.task_role || facts.task_role.error().code == FailureCode::refused)
    facts.execution_role = co_await read_role(client, execution_role);
}

net::Task<> gather_network(aws::Client& client, Facts& facts) {
  const TaskFacts* task = known(facts.task);
  const ServiceFacts* service = known(facts.service);
  std::string subnet = task == nullptr ? std::string() : task->subnet;
  std::optional<VpcPlacement> placement = service == nullptr ? std::nullopt : service->placement;
  if (subnet.empty() && placement && !placement->subnets.empty()) subnet = placement->subnets.front();
  facts.network = fail(not_asked("no network interface is known yet"));
  if (subnet.empty()) co_return;
  if (task != nullptr && !task->interface.empty()) {
    const Result<VpcPlacement> real = co_await read_interface(client, task->interface);
    if (real) placement = *real;
    if (!real && !placement) facts.network = fail(real.error());
  }
  if (placement) facts.network = co_await read_network(client, subnet, *placement);
}

net::Task<> gather_rest(aws::Client& client, Facts& facts) {
  const TaskFacts* task = known(facts.task);
  co_await gather_roles(client, facts);
  co_await gather_network(client, facts);
  facts.log_group_exists = fail(not_asked("no log group is named"));
  if (facts.cluster && !facts.cluster->log_group.empty())
    facts.log_group_exists = co_await log_group_exists(client, facts.cluster->log_group);
  if (task != nullptr && task->exec_enabled && task->last_status == "RUNNING")
    facts.open_sessions = co_await open_sessions(client, facts);
  std::string resource = facts.cluster ? facts.cluster->arn : std::string();
  if (task != nullptr) resource = task->arn;
  Result<CallerFacts> caller =
      co_await read_caller(client, resource, facts.cluster ? facts.cluster->kms_key : std::string());
  if (caller) {
    facts.caller = std::move(*caller);
  } else {
    facts.caller.may_execute = facts.caller.may_generate_data_key = facts.caller.may_open_channel =
        fail(caller.error());
  }
  say_what_endpoint_lacks(facts, facts.task_role);
  say_what_endpoint_lacks(facts, facts.network);
  say_what_endpoint_lacks(facts, facts.open_sessions);
  say_what_endpoint_lacks(facts, facts.caller.may_execute);
  say_what_endpoint_lacks(facts, facts.caller.may_generate_data_key);
  say_what_endpoint_lacks(facts, facts.caller.may_open_channel);
}

// Cluster, service and task. Fails where ECS cannot be asked at all.
net::Task<Result<>> gather_target(aws::Client& client, Facts& facts) {
  facts.cluster = co_await read_cluster(client, facts.target.cluster);
  if (!facts.cluster && !is_partial(facts.cluster.error())) co_return fail(facts.cluster.error());
  facts.service = std::optional<ServiceFacts>{};
  if (facts.target.kind == Target::Kind::service)
    facts.service = co_await read_service(client, facts.target.cluster, facts.target.name);
  facts.task = co_await read_task(client, facts.target);
  if (!facts.task && facts.task.error().code == FailureCode::ambiguous) co_return fail(facts.task.error());
  const TaskFacts* task = known(facts.task);
  if (facts.target.kind != Target::Kind::service && task != nullptr && !task->service.empty())
    facts.service = co_await read_service(client, facts.target.cluster, task->service);
  co_return Result<>{};
}

}  // namespace

Result<DoctorRequest> parse_doctor_target(std::string_view text, std::string_view cluster) {
  DoctorRequest request;
  const bool is_definition_arn =
      text.starts_with("arn:") && text.find(":task-definition/") != std::string_view::npos;
  const std::vector<std::string_view> parts = split(text, ':');
  const bool is_revision = parts.size() == 2 && !parts[0].empty() && parse_integer(parts[1]).value_or(0) > 0;
  if (is_definition_arn || is_revision) {
    request.task_definition = text;
    request.target.kind = Target::Kind::family;
    request.target.cluster = cluster;
    if (is_definition_arn) request.target.region = arn_part(text, 3);
    const std::string_view name = text.substr(text.rfind('/') + 1);  // all of it where there is no slash
    request.target.name = name.substr(0, name.find(':'));
    return request;
  }
  Result<Target> target = parse_target(text, cluster);
  if (!target) return fail(target.error());
  request.target = std::move(*target);
  return request;
}

namespace {

// Only where something is missing: the names that may have been meant.
net::Task<> gather_near_names(aws::Client& client, Facts& facts) {
  const bool is_cluster_missing = facts.cluster && facts.cluster->status == "MISSING";
  if (facts.task_definition_asked.empty() && is_cluster_missing) {
    facts.near_names = co_await near_clusters(client, facts.target.cluster);
    co_return;
  }
  const bool is_definition = facts.target.kind == Target::Kind::family;
  const bool is_service = facts.target.kind == Target::Kind::service;
  const bool is_missing = is_definition ? facts.definition && !*facts.definition
                          : is_service  ? facts.service && !*facts.service
                                        : facts.task && !*facts.task;
  if (is_missing) facts.near_names = co_await near_targets(client, facts.target);
}

}  // namespace

net::Task<Result<Facts>> gather(aws::Client& client, DoctorRequest request) {
  Facts facts;
  facts.target = std::move(request.target);
  facts.task_definition_asked = std::move(request.task_definition);
  facts.container = std::move(request.container);
  facts.profile = std::move(request.profile);
  facts.region = client.settings().region;
  const std::string endpoint = client.settings().endpoint(Service::ecs);
  if (endpoint != aws::public_endpoint(Service::ecs, facts.region)) facts.endpoint = endpoint;
  for (const Service service : aws::kServices) {
    const std::string other = client.settings().endpoint(service);
    if (other != aws::public_endpoint(service, facts.region))
      facts.service_endpoints.emplace(aws::service_name(service), other);
  }
  const bool is_elsewhere = !facts.target.region.empty() && facts.target.region != facts.region;
  if (is_elsewhere) co_return facts;  // said before anything else is asked
  if (facts.task_definition_asked.empty()) {
    const Result<> found = co_await gather_target(client, facts);
    if (!found) co_return fail(found.error());
  }
  const std::string definition = definition_name(facts);
  if (!definition.empty()) facts.definition = co_await read_definition(client, definition);
  const bool is_asked_first = !facts.task_definition_asked.empty();
  if (is_asked_first && !facts.definition && !is_partial(facts.definition.error()))
    co_return fail(facts.definition.error());
  co_await gather_near_names(client, facts);
  co_await gather_rest(client, facts);
  co_return facts;
}

}  // namespace ferry::feature
