// The state of many tasks of a cluster in few calls: whoever asks while a DescribeTasks is under way shares
// the next one.
// Bounded: 100 tasks a call (the service's limit), one call at a time. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/run/shared_call.hpp"
#include "net/task.hpp"

#include <optional>
#include <string>

namespace ferry::feature {

class TaskPoller {
 public:
  TaskPoller(aws::Client& client, std::string cluster);

  // The task as it is now; nothing where the service does not know it (MISSING).
  net::Task<Result<std::optional<aws::ecs::Task>>> describe(std::string task_arn);
  // Makes the calls until it is cancelled.
  net::Task<> serve() { return call_.serve(); }

  // True once for each row of failed calls: one outage is told once, however many tasks are watched.
  [[nodiscard]] bool is_news_of_failure();

 private:
  using Answer = Result<std::optional<aws::ecs::Task>>;
  net::Task<std::vector<Answer>> describe_together(std::vector<std::string> task_arns);

  aws::Client& client_;
  std::string cluster_;
  SharedCall<std::string, Answer> call_;
  bool failure_told_ = false;
};

}  // namespace ferry::feature
