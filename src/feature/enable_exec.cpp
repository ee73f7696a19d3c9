#include "feature/enable_exec.hpp"

#include "aws/answer_reader.hpp"
#include "aws/ecs.hpp"
#include "feature/container_choice.hpp"
#include "feature/doctor/diagnose.hpp"
#include "feature/doctor/fixes.hpp"
#include "feature/ending.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;
using aws::Service;
using aws::text_in;

constexpr milliseconds kBetweenLooks{2'000};

// What enabling exec itself puts right, and what only a running task shows.
bool is_put_right_by_it(const Finding& finding) {
  constexpr std::array<std::string_view, 4> kChecks{"exec-enabled", "agent", "sessions", "task"};
  return std::ranges::find(kChecks, finding.check) != kChecks.end();
}

bool can_be_entered(const aws::ecs::Task& task) {
  return task.last_status == "RUNNING" && task.enable_execute_command &&
         std::ranges::any_of(task.containers, [](const aws::ecs::Container& container) {
           ContainerCandidate candidate;
           candidate.name = container.name;
           candidate.image = container.image;
           return !is_put_there_by_aws(candidate) &&
                  std::ranges::any_of(container.managed_agents, [](const aws::ecs::ManagedAgent& agent) {
                    return agent.name == "ExecuteCommandAgent" && agent.last_status == "RUNNING";
                  });
         });
}

std::string enterable(const Facts& facts) {
  const TaskFacts* task = known(facts.task);
  if (task == nullptr || !task->exec_enabled || task->last_status != "RUNNING") return {};
  const bool runs = std::ranges::any_of(task->containers, [&facts](const ContainerState& container) {
    return container.agent_status == "RUNNING" && is_meant(facts, container.name);
  });
  return runs ? task->id : std::string();
}

// The newest deployment of the service, or why it failed.
net::Task<Result<std::string>> primary_deployment(aws::Client& client, Target target) {
  json::object input;
  input["cluster"] = target.cluster;
  input["services"] = json::array{json::string(target.name)};
  const Result<json::object> answer =
      co_await client.call(Service::ecs, "DescribeServices", std::move(input));
  if (!answer) co_return fail(answer.error());
  for (const json::object* service : aws::objects_in(*answer, "services")) {
    for (const json::object* deployment : aws::objects_in(*service, "deployments")) {
      if (text_in(*deployment, "rolloutState") == "FAILED") {
        co_return fail(FailureCode::refused,
                       fmt::format("the deployment failed: {}", text_in(*deployment, "rolloutStateReason")),
                       "`ferry doctor` says more");
      }
      if (text_in(*deployment, "status") == "PRIMARY") co_return text_in(*deployment, "id");
    }
  }
  co_return fail(FailureCode::not_found, fmt::format("{} has no deployment", describe(target)));
}

// The deployment's tasks, those that are wanted.
net::Task<Result<std::vector<aws::ecs::Task>>> tasks_of(aws::Client& client, Target target,
                                                        std::string deployment) {
  json::object filter;
  filter["serviceName"] = target.name;
  filter["desiredStatus"] = "RUNNING";
  Result<std::vector<std::string>> arns =
      co_await aws::ecs::list_tasks(client, target.cluster, std::move(filter));
  if (!arns) co_return fail(arns.error());
  if (arns->empty()) co_return std::vector<aws::ecs::Task>{};
  constexpr std::size_t kMostDescribed = 100;
  if (arns->size() > kMostDescribed) arns->resize(kMostDescribed);
  Result<aws::ecs::DescribedTasks> described =
      co_await aws::ecs::describe_tasks(client, target.cluster, std::move(*arns));
  if (!described) co_return fail(described.error());
  std::erase_if(described->tasks,
                [&deployment](const aws::ecs::Task& task) { return task.started_by != deployment; });
  co_return std::move(described->tasks);
}

std::string state_of(const std::vector<aws::ecs::Task>& tasks) {
  if (tasks.empty()) return "waiting for the first task of the new deployment";
  const aws::ecs::Task& task = tasks.front();
  if (task.last_status != "RUNNING") return fmt::format("task {} is {}", task.id(), task.last_status);
  return fmt::format("task {} runs, its exec agent does not yet", task.id());
}

net::Task<Result<json::object>> update(aws::Client& client, Target target, net::Event& called_off) {
  json::object input;
  input["cluster"] = target.cluster;
  input["service"] = target.name;
  input["enableExecuteCommand"] = true;
  input["forceNewDeployment"] = true;
  Result<json::object> updated =
      co_await client.call(Service::ecs, "UpdateService", std::move(input), &called_off);
  co_return updated;
}

// UpdateService's answer names it; empty where it does not.
std::string primary_of(const json::object& updated) {
  std::string primary;
  const json::object* service = aws::object_in(updated, "service");
  if (service == nullptr) return primary;
  for (const json::object* one : aws::objects_in(*service, "deployments")) {
    if (text_in(*one, "status") == "PRIMARY") primary = text_in(*one, "id");
  }
  return primary;
}

// Until one can be entered, or the caller gives it up.
net::Task<Result<EnabledService>> wait_for_task(aws::Client& client, Target target, std::string mine,
                                                std::function<void(std::string_view)> show) {
  for (;;) {
    const Result<std::string> deployment = co_await primary_deployment(client, target);
    if (!deployment) co_return fail(deployment.error());
    if (mine.empty()) mine = *deployment;
    if (*deployment != mine) {
      co_return fail(FailureCode::refused,
                     fmt::format("another deployment took the place of {} in {}", mine, describe(target)),
                     "run it again once that is done");
    }
    const Result<std::vector<aws::ecs::Task>> tasks = co_await tasks_of(client, target, mine);
    if (!tasks) co_return fail(tasks.error());
    const auto ready = std::ranges::find_if(*tasks, can_be_entered);
    if (ready != tasks->end()) co_return EnabledService{.deployment = mine, .task = ready->id()};
    show(state_of(*tasks));
    co_await net::sleep_for(client.loop(), kBetweenLooks);
  }
}

}  // namespace

Result<EnablePlan> plan_enabling(const Facts& facts) {
  const std::vector<Finding> findings = diagnose(facts);
  const ServiceFacts* service = known(facts.service);
  if (service == nullptr || service->status != "ACTIVE") {
    if (!facts.service) return fail(facts.service.error());
    const Finding* first = first_wrong(findings);
    return fail(FailureCode::not_found,
                first == nullptr ? fmt::format("there is no {}", describe(facts.target)) : first->what,
                first == nullptr ? std::string() : first->why);
  }
  EnablePlan plan;
  plan.target = facts.target;
  plan.is_enabled = service->exec_enabled;
  plan.enterable_task = enterable(facts);
  std::ranges::copy_if(findings, std::back_inserter(plan.obstacles), [](const Finding& finding) {
    return finding.verdict == Verdict::wrong && !is_put_right_by_it(finding);
  });
  plan.lines.push_back(fmt::format("{}: enableExecuteCommand {}-> true, with a new deployment",
                                   describe(facts.target), plan.is_enabled ? "true " : "false "));
  plan.lines.push_back(
      fmt::format("its {} {} replaced, as in every deployment; {} stays", service->desired_count,
                  service->desired_count == 1 ? "task is" : "tasks are", last_part(service->definition)));
  plan.lines.push_back(
      "Terraform sees it as drift until aws_ecs_service has: enable_execute_command = true; CloudFormation "
      "until "
      "AWS::ECS::Service has: EnableExecuteCommand: true");
  return plan;
}

net::Task<Result<EnabledService>> enable_exec(aws::Client& client, Target target, milliseconds limit,
                                              std::function<void(std::string_view)> show) {
  const Instant deadline = net::steady_now() + limit;
  net::Event never(client.loop());
  const std::optional<Result<json::object>> updated =
      co_await unless_late(client.loop(), never, deadline, kAnswerGrace,
                           [&](net::Event& called_off) { return update(client, target, called_off); });
  if (updated && !*updated && updated->error().code == FailureCode::cancelled) {
    co_return fail(FailureCode::timed_out,
                   fmt::format("{} s were over before UpdateService could be sent: {} stays as it is",
                               limit.count() / 1000, describe(target)));
  }
  if (!updated) {
    co_return fail(FailureCode::timed_out,
                   fmt::format("UpdateService has not answered within {} s: {} may have been updated",
                               limit.count() / 1000, describe(target)),
                   "`ferry doctor` shows how it is");
  }
  if (!*updated) co_return fail(updated->error().in("cannot update " + describe(target)));
  std::string state = "nothing was seen of it yet";
  const auto show_and_keep = [&state, show](std::string_view line) {
    state = line;
    show(line);
  };
  const std::optional<Result<EnabledService>> enabled = co_await unless(
      client.loop(), never, deadline, wait_for_task(client, target, primary_of(**updated), show_and_keep));
  if (enabled) co_return *enabled;
  co_return fail(FailureCode::timed_out,
                 fmt::format("exec is enabled for {}, but no task could be entered within {} s: {}",
                             describe(target), limit.count() / 1000, state),
                 "the deployment goes on; `ferry doctor` says what keeps it");
}

}  // namespace ferry::feature
