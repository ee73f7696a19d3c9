#include "feature/run/stop_reason.hpp"

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

// The service's own words, the most telling first; empty where it says nothing beyond "it ended".
std::string reason_of(const aws::ecs::Task& task, const aws::ecs::Container* container) {
  if (container != nullptr && !container->reason.empty()) return container->reason;
  if (!task.stopped_reason.empty() && task.stop_code != "EssentialContainerExited")
    return task.stopped_reason;
  return {};
}

// The service's sentences stand inside of ours.
std::string_view without_full_stop(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::string with_cause(std::string line, std::string_view reason) {
  const StopCause* known = stop_cause_of(reason);
  if (known != nullptr) line += fmt::format("; {}: {}", known->cause, known->next_step);
  return line;
}

std::string explain_exit(std::string_view container, int code, const std::string& reason) {
  std::string line = fmt::format("container '{}' exited with {}", container, code);
  const std::string_view words = reason.empty() ? exit_code_meaning(code) : reason;
  if (!words.empty()) line += fmt::format(": {}", without_full_stop(words));
  return with_cause(std::move(line), reason);
}

// The capacity was taken back: of Fargate Spot, or with an instance.
bool is_spot_end(std::string_view stop_code) {
  return stop_code == "SpotInterruption" || stop_code == "TerminationNotice";
}

// A command that ends when it is asked to may say 0 of work that it has not done.
bool was_told_to_stop(const aws::ecs::Task& task) {
  return is_spot_end(task.stop_code) || task.stop_code == "UserInitiated";
}

// Of a task whose command brought no exit code of its own; nothing where the reason is not known.
std::optional<bool> may_pass_by_itself(const aws::ecs::Task& task, std::string_view reason) {
  if (is_spot_end(task.stop_code)) return true;
  const StopCause* known = stop_cause_of(reason);
  if (known == nullptr) known = stop_cause_of(task.stopped_reason);
  if (known != nullptr) return known->is_passing;
  return std::nullopt;
}

bool never_ran(const aws::ecs::Task& task, std::string_view reason) {
  const bool cannot = reason.starts_with("CannotPull") || reason.starts_with("CannotStart") ||
                      reason.starts_with("CannotCreate");
  return task.stop_code == "TaskFailedToStart" || !task.started_at || cannot;
}

}  // namespace

CommandResult result_of(const aws::ecs::Task& task, std::string_view container_name) {
  const auto found = std::ranges::find(task.containers, container_name, &aws::ecs::Container::name);
  const aws::ecs::Container* container = found == task.containers.end() ? nullptr : &*found;
  const std::string reason = reason_of(task, container);
  CommandResult result;
  result.mode = Mode::run;
  result.cluster = task.cluster_name();
  result.task = task.arn;
  result.container = container_name;
  result.stop_code = task.stop_code;
  result.stopped_reason = task.stopped_reason;
  if (task.started_at) result.started_at = wall_time(*task.started_at);
  const std::optional<double> ended_at =
      task.execution_stopped_at ? task.execution_stopped_at : task.stopped_at;
  if (ended_at) result.ended_at = wall_time(*ended_at);
  const std::optional<int> code = container == nullptr ? std::nullopt : container->exit_code;
  constexpr int kLargestStatus = 255;
  if (code == 0 && was_told_to_stop(task)) {
    result.explanation = fmt::format(
        "container '{}' exited with 0 after the task was told to stop ({}): whether its work was done is not "
        "known",
        container_name,
        without_full_stop(task.stopped_reason.empty() ? task.stop_code : task.stopped_reason));
    if (is_spot_end(task.stop_code)) result.retryable = true;
    return result;
  }
  if (code && *code >= 0 && *code <= kLargestStatus) {
    result.outcome = Outcome::exited;
    result.exit_code = code;
    result.exit_code_source = ExitCodeSource::describe;
    if (*code != 0) {
      result.explanation = explain_exit(container_name, *code, reason);
      // SIGTERM and SIGKILL of a spot interruption arrive as exit codes.
      if (is_spot_end(task.stop_code)) result.retryable = true;
    }
    return result;
  }
  if (code) {
    result.explanation =
        fmt::format("container '{}' exited with {}, which is no exit status", container_name, *code);
    return result;
  }
  const bool not_started = never_ran(task, reason);
  result.outcome = not_started ? Outcome::not_started : Outcome::unknown;
  std::string line =
      not_started ? fmt::format("container '{}' was not started", container_name)
                  : fmt::format("container '{}' ended, but ECS gives no exit code for it", container_name);
  const std::string& words = reason.empty() ? task.stopped_reason : reason;
  result.retryable = may_pass_by_itself(task, words);
  if (!task.stop_code.empty()) line += fmt::format(" ({})", task.stop_code);
  if (!words.empty()) line += fmt::format(": {}", without_full_stop(words));
  result.explanation = with_cause(std::move(line), words);
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
