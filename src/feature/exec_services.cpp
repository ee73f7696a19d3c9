#include "feature/exec_services.hpp"

#include "aws/kms.hpp"
#include "aws/ssm.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

std::string last_part(const std::string& arn) {
  return arn.substr(arn.rfind('/') + 1);
}

// Asking again changes nothing, so it counts as denied.
Failure without_credentials(Failure reason) {
  reason.code = FailureCode::denied;
  return reason.in("that needs AWS credentials");
}

}  // namespace

ExecServices::ExecServices(Result<aws::Client*> client, aws::ecs::ExecSession opened)
    : client_(std::move(client)), opened_(std::move(opened)) {}

session::Services ExecServices::for_channel(const ChannelOptions& options) {
  return {.renew_token = [this] { return renew_token(); },
          .generate_key = [this](std::string key_id) { return generate_key(std::move(key_id)); },
          .door = channel_door(client_, options,
                               opened_.task_arn.empty() ? opened_.cluster_arn : opened_.task_arn)};
}

std::string ExecServices::cluster_name() const {
  return last_part(opened_.cluster_arn);
}

std::string ExecServices::task_id() const {
  return last_part(opened_.task_arn);
}

std::string ExecServices::place() const {
  if (opened_.task_arn.empty()) return fmt::format("session {}", opened_.session_id);
  return fmt::format("container {} of task {}", opened_.container_name, task_id());
}

net::Task<bool> ExecServices::is_unlogged() {
  if (!client_ || opened_.cluster_arn.empty()) co_return false;
  const Result<aws::ecs::ExecConfiguration> configuration =
      co_await aws::ecs::describe_exec_configuration(**client_, opened_.cluster_arn);
  co_return configuration && configuration->logging == "NONE";
}

net::Task<std::optional<aws::ecs::Task>> ExecServices::describe_task() {
  if (!client_ || opened_.task_arn.empty()) co_return std::nullopt;
  std::vector<std::string> tasks{opened_.task_arn};
  Result<aws::ecs::DescribedTasks> described =
      co_await aws::ecs::describe_tasks(**client_, opened_.cluster_arn, std::move(tasks));
  if (!described || described->tasks.empty()) co_return std::nullopt;
  co_return std::move(described->tasks.front());
}

net::Task<bool> ExecServices::terminate() {
  if (!client_) co_return false;
  const Result<> terminated = co_await aws::ssm::terminate_session(**client_, opened_.session_id);
  co_return terminated.has_value();
}

net::Task<Result<session::Renewal>> ExecServices::renew_token() {
  if (!client_) co_return fail(without_credentials(client_.error()));
  Result<aws::ssm::ResumedSession> resumed = co_await aws::ssm::resume_session(**client_, opened_.session_id);
  if (!resumed) co_return fail(resumed.error());
  co_return session::Renewal{.token_value = std::move(resumed->token_value),
                             .stream_url = std::move(resumed->stream_url)};
}

// The key belongs to the session and to the container, which the agent knows by its runtime id.
net::Task<Result<wire::DataKey>> ExecServices::generate_key(std::string key_id) {
  if (!client_) co_return fail(without_credentials(client_.error()));
  std::vector<std::string> tasks{opened_.task_arn};
  const Result<aws::ecs::DescribedTasks> described =
      co_await aws::ecs::describe_tasks(**client_, opened_.cluster_arn, std::move(tasks));
  if (!described) co_return fail(described.error().in("the session is encrypted, which needs DescribeTasks"));
  std::string runtime_id;
  for (const aws::ecs::Task& task : described->tasks) {
    const auto found = std::ranges::find(task.containers, opened_.container_name, &aws::ecs::Container::name);
    if (found != task.containers.end()) runtime_id = found->runtime_id;
  }
  if (runtime_id.empty()) {
    co_return fail(
        FailureCode::not_found,
        fmt::format("the session is encrypted, and {} has no runtime id to make a key for", place()));
  }
  std::map<std::string, std::string> context{
      {"aws:ssm:SessionId", opened_.session_id},
      {"aws:ssm:TargetId", fmt::format("ecs:{}_{}_{}", cluster_name(), task_id(), runtime_id)}};
  Result<aws::kms::DataKey> key = co_await aws::kms::generate_data_key(
      **client_, std::move(key_id), wire::kDataKeyBytes, std::move(context));
  if (!key) co_return fail(key.error().in("the session is encrypted"));
  co_return wire::DataKey{.plaintext = std::move(key->plaintext), .ciphertext = std::move(key->ciphertext)};
}

}  // namespace ferry::feature
