// Stopping a task, also while the service is hard to reach. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

#include <string>

namespace ferry::feature {

// From a stop that was asked for to the stop: stopTimeout is at most 120 s, then the network goes.
constexpr milliseconds kLongestStop{180'000};

// StopTask, made again for as long as `limit` while it is throttled or not answered, until `given_up` is set:
// a task that somebody wants to end costs money. A second StopTask of the same task does no harm.
net::Task<Result<aws::ecs::Task>> stop_task_patiently(aws::Client& client, std::string cluster,
                                                      std::string task_arn, std::string reason,
                                                      milliseconds limit, net::Event& given_up);

}  // namespace ferry::feature
