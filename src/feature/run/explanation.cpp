#include "feature/run/explanation.hpp"

#include "feature/run/stop_cause.hpp"
#include "feature/run/stop_reason.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

bool has_stopped(const aws::ecs::Task& task) {
  return task.last_status == "STOPPED" || task.last_status == "DELETED";
}

std::vector<TimelineStep> timeline_of(const aws::ecs::Task& task) {
  const std::array<std::pair<std::string_view, std::optional<double>>, 8> moments{
      {{"asked for", task.created_at},
       {"connected to its network", task.connectivity_at},
       {"image pull began", task.pull_started_at},
       {"image pull ended", task.pull_stopped_at},
       {"running", task.started_at},
       {"told to stop", task.stopping_at},
       {"containers ended", task.execution_stopped_at},
       {"stopped", task.stopped_at}}};
  std::vector<TimelineStep> steps;
  for (const auto& [what, at] : moments) {
    if (!at) continue;
    TimelineStep step{.what = std::string(what), .at = wall_time(*at)};
    // Two of the same moment stay as they are listed above.
    const auto place = std::ranges::upper_bound(steps, step.at, {}, &TimelineStep::at);
    steps.insert(place, std::move(step));
  }
  for (std::size_t index = 1; index < steps.size(); ++index)
    steps[index].since_previous = steps[index].at - steps[index - 1].at;
  return steps;
}

std::string waits_for(const aws::ecs::Task& task) {
  const std::string_view status = task.last_status;
  if (status == "PROVISIONING") return "its network interface and disk are being made";
  if (status == "PENDING") {
    return is_pulling(task) ? "its image is being pulled" : "its containers are about to start";
  }
  if (status == "ACTIVATING") return "it is being registered with load balancers and service discovery";
  if (status == "RUNNING") return "its command has not ended";
  if (status == "DEACTIVATING") return "it is being taken out of load balancers and service discovery";
  if (status == "STOPPING") return "its containers have been asked to end";
  if (status == "DEPROVISIONING") return "its network interface is being removed";
  return {};
}

// The container whose reason or code says most: one with a reason, else the first that failed.
const aws::ecs::Container* telling(const aws::ecs::Task& task) {
  const auto with_reason = std::ranges::find_if(
      task.containers, [](const aws::ecs::Container& container) { return !container.reason.empty(); });
  if (with_reason != task.containers.end()) return &*with_reason;
  const auto failed = std::ranges::find_if(task.containers, [](const aws::ecs::Container& container) {
    return container.exit_code.value_or(0) != 0;
  });
  return failed == task.containers.end() ? nullptr : &*failed;
}

std::vector<std::string> evidence_of(const aws::ecs::Task& task) {
  std::vector<std::string> evidence;
  if (!task.stop_code.empty()) evidence.push_back("stop code: " + task.stop_code);
  if (!task.stopped_reason.empty()) evidence.push_back("stopped reason: " + task.stopped_reason);
  for (const aws::ecs::Container& container : task.containers) {
    std::string line = fmt::format("container '{}'", container.name);
    line += container.exit_code ? fmt::format(" exited with {}", *container.exit_code)
                                : fmt::format(" is {}, without an exit code", container.last_status);
    if (!container.reason.empty()) line += ": " + container.reason;
    evidence.push_back(std::move(line));
  }
  return evidence;
}

}  // namespace

bool is_pulling(const aws::ecs::Task& task) {
  return task.pull_started_at && !task.pull_stopped_at && !task.started_at && !has_stopped(task);
}

Explanation explain(const aws::ecs::Task& task) {
  Explanation explanation;
  explanation.timeline = timeline_of(task);
  explanation.evidence = evidence_of(task);
  if (!has_stopped(task)) {
    const std::string why = waits_for(task);
    explanation.verdict = fmt::format("the task is {}", task.last_status);
    if (!why.empty()) explanation.verdict += ": " + why;
    return explanation;
  }
  const aws::ecs::Container* container = telling(task);
  const bool all_well =
      !task.containers.empty() && std::ranges::all_of(task.containers, [](const aws::ecs::Container& each) {
        return each.exit_code == 0;
      });
  if (all_well) {
    explanation.verdict = "every container ended with exit code 0";
    return explanation;
  }
  const std::string name = container != nullptr      ? container->name
                           : task.containers.empty() ? std::string()
                                                     : task.containers.front().name;
  const CommandResult result = result_of(task, name);
  explanation.retryable = result.retryable;
  explanation.verdict = result.outcome == Outcome::exited
                            ? fmt::format("container '{}' exited with {}", name, *result.exit_code)
                        : result.outcome == Outcome::not_started
                            ? "the command never ran"
                            : "the command ended, but ECS has no exit code for it";
  const StopCause* known = container == nullptr ? nullptr : stop_cause_of(container->reason);
  if (known == nullptr) known = stop_cause_of(task.stopped_reason);
  if (known != nullptr) {
    explanation.cause = known->cause;
    explanation.next_step = known->next_step;
  } else if (result.exit_code) {
    explanation.cause = exit_code_meaning(*result.exit_code);
  }
  return explanation;
}

}  // namespace ferry::feature
