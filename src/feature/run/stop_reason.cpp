#include "feature/run/stop_reason.hpp"

#include "feature/run/start_obstacle.hpp"
#include "feature/run/stop_cause.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

struct CodeMeaning {
  int code;
  std::string_view meaning;
};

constexpr std::array kCodeMeanings{
    CodeMeaning{126, "the command is not executable"},
    CodeMeaning{127, "the command was not found in the image"},
    CodeMeaning{137, "killed (SIGKILL): out of memory, or still running when its stop timeout ended"},
    CodeMeaning{139, "segmentation fault (SIGSEGV)"},
    CodeMeaning{143, "asked to end (SIGTERM)"},
};

// The service's own words; empty where it says nothing beyond "it ended".
struct Reason {
  std::string words;  // with whose they are, where they are another container's
  std::string cause;  // what the table of causes is asked
};

bool tells_of_start_or_end(std::string_view stop_code) {
  return stop_code.empty() || stop_code == "TaskFailedToStart" || stop_code == "EssentialContainerExited";
}

Reason reason_of(const aws::ecs::Task& task, const aws::ecs::Container* container, std::string_view name,
                 const ContainerRoles& roles) {
  const std::string own = container == nullptr ? std::string() : container->reason;
  if (!own.empty() && stop_cause_of(own) != nullptr) return {.words = own, .cause = own};
  const bool has_code = container != nullptr && container->exit_code;
  std::optional<StartObstacle> obstacle;
  if (!has_code && tells_of_start_or_end(task.stop_code)) obstacle = find_start_obstacle(task, name, roles);
  if (!obstacle && own.empty()) obstacle = find_other_meant(task, name);
  if (obstacle) return {.words = obstacle->words, .cause = obstacle->container->reason};
  if (!own.empty()) return {.words = own, .cause = own};
  if (task.stop_code == "EssentialContainerExited") return {};
  return {.words = task.stopped_reason, .cause = task.stopped_reason};
}

std::string with_cause(std::string line, std::string_view reason) {
  const StopCause* known = stop_cause_of(reason);
  if (known != nullptr) line += fmt::format("; {}: {}", known->cause, known->next_step);
  return line;
}

std::string explain_exit(std::string_view container, int code, const Reason& reason, std::string_view why) {
  std::string line = fmt::format("container '{}' exited with {}{}", container, code, why);
  const std::string_view words = reason.words.empty() ? exit_code_meaning(code) : reason.words;
  if (!words.empty()) line += fmt::format(": {}", without_full_stop(words));
  return with_cause(std::move(line), reason.cause);
}

// The capacity was taken back: of Fargate Spot, or with an instance.
bool is_spot_end(std::string_view stop_code) {
  return stop_code == "SpotInterruption" || stop_code == "TerminationNotice";
}

// Of a task whose command brought no exit code of its own; nothing where the reason is not known.
std::optional<bool> may_pass_by_itself(const aws::ecs::Task& task, std::string_view reason) {
  if (is_spot_end(task.stop_code)) return true;
  const StopCause* known = stop_cause_of(reason);
  if (known == nullptr) known = stop_cause_of(task.stopped_reason);
  if (known != nullptr) return known->is_passing;
  return std::nullopt;
}

bool cannot_start(std::string_view reason) {
  return reason.starts_with("CannotPull") || reason.starts_with("CannotStart") ||
         reason.starts_with("CannotCreate");
}

CommandResult facts_of(const aws::ecs::Task& task, const std::string& container) {
  CommandResult result;
  result.mode = Mode::run;
  result.cluster = task.cluster_name();
  result.task = task.arn;
  result.container = container;
  result.stop_code = task.stop_code;
  result.stopped_reason = task.stopped_reason;
  if (task.started_at) result.started_at = wall_time(*task.started_at);
  const std::optional<double> ended_at =
      task.execution_stopped_at ? task.execution_stopped_at : task.stopped_at;
  if (ended_at) result.ended_at = wall_time(*ended_at);
  return result;
}

void judge_code(CommandResult& result, int code, const EndVerdict& verdict, const Reason& reason) {
  constexpr int kLargestStatus = 255;
  if (code < 0 || code > kLargestStatus) {
    result.explanation =
        fmt::format("container '{}' exited with {}, which is no exit status", result.container, code);
    return;
  }
  result.exit_code = code;
  result.exit_code_source = ExitCodeSource::describe;
  if (verdict.kind != EndVerdict::Kind::unknown) result.outcome = Outcome::exited;
  if (verdict.kind == EndVerdict::Kind::success) return;
  result.explanation = code == 0
                           ? fmt::format("container '{}' exited with 0{}", result.container, verdict.why)
                           : explain_exit(result.container, code, reason, verdict.why);
  // SIGTERM and SIGKILL of a spot interruption arrive as exit codes.
  if (is_spot_end(result.stop_code)) result.retryable = true;
}

}  // namespace

bool never_ran(const aws::ecs::Task& task, std::string_view name) {
  const aws::ecs::Container* container = find_container(task, name);
  if (container != nullptr && container->exit_code) return false;
  return task.stop_code == "TaskFailedToStart" || !task.started_at ||
         (container != nullptr && cannot_start(container->reason));
}

CommandResult result_of(const aws::ecs::Task& task, const ContainerEnds& ends, const ContainerRoles& roles) {
  const std::string& name = ends.container();
  const aws::ecs::Container* container = find_container(task, name);
  const Reason reason = reason_of(task, container, name, roles);
  CommandResult result = facts_of(task, name);
  if (container != nullptr && container->exit_code) {
    judge_code(result, *container->exit_code, judge_end(ends, task, roles), reason);
    return result;
  }
  const bool not_started = never_ran(task, name) || cannot_start(task.stopped_reason);
  result.outcome = not_started ? Outcome::not_started : Outcome::unknown;
  std::string line = not_started
                         ? fmt::format("container '{}' was not started", name)
                         : fmt::format("container '{}' ended, but ECS gives no exit code for it", name);
  const std::string& words = reason.words.empty() ? task.stopped_reason : reason.words;
  const std::string& cause = reason.words.empty() ? task.stopped_reason : reason.cause;
  result.retryable = may_pass_by_itself(task, cause);
  if (!task.stop_code.empty()) line += fmt::format(" ({})", task.stop_code);
  if (!words.empty()) line += fmt::format(": {}", without_full_stop(words));
  result.explanation = with_cause(std::move(line), cause);
  return result;
}

std::string_view exit_code_meaning(int code) {
  const auto meaning = std::ranges::find(kCodeMeanings, code, &CodeMeaning::code);
  return meaning == kCodeMeanings.end() ? std::string_view() : meaning->meaning;
}

bool is_capacity_end(const CommandResult& result) {
  return is_spot_end(result.stop_code) || result.stopped_reason.contains("Capacity is unavailable");
}

}  // namespace ferry::feature
