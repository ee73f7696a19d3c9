// What is known before anything is started: RunTask's input, the task definition behind it, and the container
// that is meant. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/run/input.hpp"
#include "net/task.hpp"

#include <string>

#include <boost/json/object.hpp>

namespace ferry::feature {

struct RunPlan {
  std::string cluster;             // as RunTask gets it
  boost::json::object input;       // RunTask's, without `count`
  boost::json::object definition;  // DescribeTaskDefinition's taskDefinition, as it came
  aws::ecs::TaskDefinition described;
  std::string container;
  std::string container_notice;  // which one was chosen and why; empty where there was no choice
};

// DescribeServices where the request names a service to be like, and DescribeTaskDefinition. Failures:
// `usage` where no task definition is named in any way, `not_found`, `ambiguous` (containers), and those of
// the calls.
net::Task<Result<RunPlan>> plan_run(aws::Client& client, RunRequest request);

}  // namespace ferry::feature
