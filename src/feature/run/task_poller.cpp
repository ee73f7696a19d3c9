#include "feature/run/task_poller.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace ferry::feature {
namespace {

constexpr std::size_t kMostTasksPerCall = 100;

}  // namespace

TaskPoller::TaskPoller(aws::Client& client, std::string cluster)
    : client_(client),
      cluster_(std::move(cluster)),
      call_(client.loop(), kMostTasksPerCall,
            [this](std::vector<std::string> task_arns) { return describe_together(std::move(task_arns)); }) {}

net::Task<Result<std::optional<aws::ecs::Task>>> TaskPoller::describe(std::string task_arn) {
  return call_.ask(std::move(task_arn));
}

bool TaskPoller::is_news_of_failure() {
  return !std::exchange(failure_told_, true);
}

net::Task<std::vector<TaskPoller::Answer>> TaskPoller::describe_together(std::vector<std::string> task_arns) {
  Result<aws::ecs::DescribedTasks> described =
      co_await aws::ecs::describe_tasks(client_, cluster_, task_arns);
  std::vector<Answer> answers;
  if (described) failure_told_ = false;
  for (const std::string& arn : task_arns) {
    if (!described) {
      answers.emplace_back(fail(described.error()));
      continue;
    }
    const auto found = std::ranges::find(described->tasks, arn, &aws::ecs::Task::arn);
    if (found == described->tasks.end()) {
      answers.emplace_back(std::nullopt);
    } else {
      answers.emplace_back(*found);
    }
  }
  co_return answers;
}

}  // namespace ferry::feature
