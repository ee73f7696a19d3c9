// Enabling exec on a service: what it will change, the change, and the wait until a new task can be entered.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/doctor/facts.hpp"
#include "feature/doctor/finding.hpp"
#include "feature/target.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

struct EnablePlan {
  Target target;
  bool is_enabled = false;         // the service has it
  std::string enterable_task;      // an id; empty where no task can be entered as things are
  std::vector<std::string> lines;  // what will change, for people
  std::vector<Finding> obstacles;  // what the doctor already knows to be wrong besides
};

// Failures: `target` is no service, the service is not there, and those of the calls.
Result<EnablePlan> plan_enabling(const Facts& facts);

struct EnabledService {
  std::string deployment, task;  // ids: the task can be entered
};

// UpdateService with a new deployment, then waits until a task of it can be entered. `show` gets one line a
// look, for a status line. Failures: `timed_out` after `limit`, `refused` where the deployment failed.
net::Task<Result<EnabledService>> enable_exec(aws::Client& client, Target target, milliseconds limit,
                                              std::function<void(std::string_view)> show);

}  // namespace ferry::feature
