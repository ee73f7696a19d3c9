// From a target to the one task and container that a command is to run in.
// Choosing is pure; looking up takes one DescribeTasks call, after one ListTasks call (a page of 100 tasks
// each) where the target does not name one task for certain.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "feature/target.hpp"
#include "net/task.hpp"

#include <string>
#include <vector>

namespace ferry::feature {

struct ExecPlace {
  std::string cluster;    // ARN or name, as the next call wants it
  std::string task;       // ARN
  std::string container;  // name
};

// The tasks that the target may mean, described. Failures: not_found, and those of the calls.
net::Task<Result<std::vector<aws::ecs::Task>>> find_tasks(aws::Client& client, Target target);

// Of several tasks of a service or family the one that started last, those first whose exec agent runs.
// Failures say what to try: nothing there, nothing running yet, several tasks under one prefix (ambiguous),
// execute command not enabled, no such container, several containers and none named (usage).
// `container` is empty where the user named none.
Result<ExecPlace> choose_place(const Target& target, const std::vector<aws::ecs::Task>& tasks,
                               const std::string& container);

}  // namespace ferry::feature
