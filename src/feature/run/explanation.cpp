#include "feature/run/explanation.hpp"

#include "base/printable.hpp"
#include "feature/run/start_obstacle.hpp"
#include "feature/run/stop_cause.hpp"
#include "feature/run/stop_reason.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

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

const aws::ecs::Container* first_container(const aws::ecs::Task& task, auto fits) {
  const auto found = std::ranges::find_if(task.containers, fits);
  return found == task.containers.end() ? nullptr : &*found;
}

bool is_success(const aws::ecs::Task& task, const aws::ecs::Container& container,
                const ContainerRoles& roles) {
  return roles.is_essential(container.name) && container.exit_code == 0 &&
         judge_end(ContainerEnds(container.name), task, roles).kind == EndVerdict::Kind::success;
}

// The container whose end, or whose failure to start, says most of the task's.
const aws::ecs::Container* telling(const aws::ecs::Task& task, const ContainerRoles& roles) {
  using aws::ecs::Container;
  const auto not_started = [](const Container& each) { return !each.exit_code; };
  const auto has_reason = [](const Container& each) { return !each.reason.empty(); };
  const auto failed = [](const Container& each) { return each.exit_code.value_or(0) != 0; };
  const auto essential = [&roles](const Container& each) { return roles.is_essential(each.name); };
  const auto first_that = [&task](auto fits) { return first_container(task, fits); };
  const Container* found = first_that([&](const Container& each) { return is_success(task, each, roles); });
  // One that waited for another in vain has a reason that only says so.
  if (found == nullptr) {
    found = first_that([&](const Container& each) {
      return not_started(each) && has_reason(each) && !find_start_obstacle(task, each.name, roles);
    });
  }
  if (found == nullptr)
    found = first_that([&](const Container& each) { return not_started(each) && essential(each); });
  if (found == nullptr)
    found = first_that([&](const Container& each) { return failed(each) && has_reason(each); });
  if (found == nullptr) {
    found = first_that([&](const Container& each) {
      return failed(each) && essential(each) && *each.exit_code != 137 && *each.exit_code != 143;
    });
  }
  if (found == nullptr)
    found = first_that([&](const Container& each) { return failed(each) && essential(each); });
  if (found == nullptr) found = first_that(failed);
  return found == nullptr ? first_that(essential) : found;
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
  for (std::string& line : evidence) line = shortened(line);
  return evidence;
}

std::string verdict_of(const aws::ecs::Task& task, const CommandResult& result,
                       const std::optional<StartObstacle>& obstacle) {
  const auto ended_well = [](const aws::ecs::Container& each) { return each.exit_code == 0; };
  if (result.outcome == Outcome::exited && result.exit_code == 0) {
    if (std::ranges::all_of(task.containers, ended_well)) return "every container ended with exit code 0";
    return fmt::format("container '{}' ended with exit code 0, and the task with it", result.container);
  }
  if (result.outcome == Outcome::exited)
    return fmt::format("container '{}' exited with {}", result.container, *result.exit_code);
  if (result.exit_code) return result.explanation;
  if (obstacle) return fmt::format("container '{}' was not started: {}", result.container, obstacle->words);
  if (task.containers.size() > 1) {
    return result.outcome == Outcome::not_started
               ? fmt::format("container '{}' was not started", result.container)
               : fmt::format("container '{}' ended, but ECS has no exit code for it", result.container);
  }
  return result.outcome == Outcome::not_started ? "the command never ran"
                                                : "the command ended, but ECS has no exit code for it";
}

}  // namespace

bool is_pulling(const aws::ecs::Task& task) {
  return task.pull_started_at && !task.pull_stopped_at && !task.started_at && !has_stopped(task);
}

Explanation explain(const aws::ecs::Task& task, const ContainerRoles& roles) {
  Explanation explanation;
  explanation.timeline = timeline_of(task);
  explanation.evidence = evidence_of(task);
  if (!roles.unreadable().empty())
    explanation.evidence.push_back("the task definition could not be read: " + roles.unreadable());
  if (!has_stopped(task)) {
    const std::string why = waits_for(task);
    explanation.verdict = fmt::format("the task is {}", task.last_status);
    if (!why.empty()) explanation.verdict += ": " + why;
    return explanation;
  }
  const aws::ecs::Container* container = telling(task, roles);
  const std::string name = container == nullptr ? std::string() : container->name;
  const CommandResult result = result_of(task, ContainerEnds(name), roles);
  explanation.retryable = result.retryable;
  const std::optional<StartObstacle> obstacle =
      result.outcome == Outcome::not_started ? find_start_obstacle(task, name, roles) : std::nullopt;
  explanation.verdict = verdict_of(task, result, obstacle);
  if (result.outcome == Outcome::exited && result.exit_code == 0) return explanation;
  const aws::ecs::Container* cause = obstacle ? obstacle->container : container;
  const StopCause* known = cause == nullptr ? nullptr : stop_cause_of(cause->reason);
  if (known == nullptr && !obstacle) known = stop_cause_of(task.stopped_reason);
  if (known != nullptr) {
    explanation.cause = known->cause;
    explanation.next_step = known->next_step;
  } else if (cause != nullptr && cause->exit_code) {
    explanation.cause = exit_code_meaning(*cause->exit_code);
  }
  return explanation;
}

}  // namespace ferry::feature
