// From a target to the one task and container that a command is to run in, and whether they can be entered.
// Judging is pure; finding takes one ListTasks call where the target does not name one task for certain.
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
  std::string task;       // ARN or id
  std::string container;  // name; empty leaves the choice to the service
};

// Whether a session can be opened.
struct Readiness {
  enum class Kind {
    ready,
    not_yet,
    never,
    needs_definition,  // which container is meant, only the task definition tells
  };
  Kind kind = Kind::never;
  ExecPlace place;              // where ready
  std::string choice;           // where ready: which container was chosen and why; empty for no choice
  std::string task_definition;  // where it is needed: its ARN
  Failure failure;              // otherwise: what stands in the way, and what to try
};

// The ARNs (for a whole task id, the id) of the tasks that the target may mean, those that run or are about
// to; empty where there are none. Failures: `usage` for another region than the client's, and those of
// ListTasks.
net::Task<Result<std::vector<std::string>>> find_task_names(aws::Client& client, Target target);

// Of several tasks of a service or family the one that started last, those first whose exec agent runs.
// `tasks` are described; `container` is empty where the user named none (feature/container_choice.hpp
// chooses). `definition` is the chosen task's, null until it was asked for; where it could not be read, an
// empty one. What can never come: nothing there, a task that stops, several tasks under one prefix
// (ambiguous), execute command not enabled, no such container, several containers that may be meant
// (ambiguous), an exec agent that has stopped.
Readiness judge_readiness(const Target& target, const std::vector<aws::ecs::Task>& tasks,
                          const std::string& container, const aws::ecs::TaskDefinition* definition = nullptr);

// The same for a service of which no task is listed.
Readiness judge_empty_service(const Target& target, const aws::ecs::ServiceState& service);

// "several tasks under one prefix".
Failure ambiguous_target(const Target& target, const std::vector<std::string>& task_names);
Failure nothing_found(const Target& target);

// The command line that looks for what stands in the way: "ferry doctor prod/web".
std::string doctor_line(const Target& target);

}  // namespace ferry::feature
