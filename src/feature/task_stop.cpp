#include "feature/task_stop.hpp"

#include "feature/patience.hpp"
#include "feature/task_wait.hpp"
#include "net/unless.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {

net::Task<Result<aws::ecs::Task>> stop_task_patiently(aws::Client& client, std::string cluster,
                                                      std::string task_arn, std::string reason,
                                                      milliseconds limit, net::Event& given_up) {
  const Patience patience{.limit = limit, .given_up = given_up, .may_pass = may_pass};
  std::optional<Result<aws::ecs::Task>> stopped = co_await within(
      client.loop(), limit, patiently<aws::ecs::Task>(patience, [&client, cluster, task_arn, reason] {
        return aws::ecs::stop_task(client, cluster, task_arn, reason);
      }));
  if (!stopped) {
    co_return fail(FailureCode::timed_out, fmt::format("StopTask has not answered in {:g} s",
                                                       static_cast<double>(limit.count()) / 1000));
  }
  co_return std::move(*stopped);
}

}  // namespace ferry::feature
