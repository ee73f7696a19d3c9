#include "feature/task_stop.hpp"

#include "feature/patience.hpp"
#include "feature/task_wait.hpp"

#include <utility>

namespace ferry::feature {

net::Task<Result<aws::ecs::Task>> stop_task_patiently(aws::Client& client, std::string cluster,
                                                      std::string task_arn, std::string reason,
                                                      milliseconds limit, net::Event& given_up) {
  const Patience patience{.limit = limit, .given_up = given_up, .may_pass = may_pass};
  Result<aws::ecs::Task> stopped =
      co_await patiently<aws::ecs::Task>(patience, [&client, cluster, task_arn, reason] {
        return aws::ecs::stop_task(client, cluster, task_arn, reason);
      });
  co_return stopped;
}

}  // namespace ferry::feature
