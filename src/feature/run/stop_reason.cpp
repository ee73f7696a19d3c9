#include "feature/run/stop_reason.hpp"

#include "feature/run/stop_cause.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// A word that the service's text holds, and what to do about it.
struct Advice {
  std::string_view word;
  std::string_view next_step;
};

constexpr std::array kPlacementAdvice{
    Advice{"RESOURCE:CPU", "no instance of the cluster has the CPU free: ask for less, or add capacity"},
    Advice{"RESOURCE:MEMORY",
           "no instance of the cluster has the memory free: ask for less, or add capacity"},
    Advice{"RESOURCE:ENI", "no instance has a network interface free: add capacity"},
    Advice{"RESOURCE:PORTS", "the host port is in use on every instance: add capacity or free the port"},
    Advice{"AGENT", "the instance's ECS agent is not connected: look at the instance"},
    Advice{"ATTRIBUTE", "no instance has an attribute that the task definition requires"},
    Advice{"MISSING", "the named resource does not exist: check cluster and task definition"},
    Advice{"Capacity is unavailable", "try again later, or in another availability zone"},
};

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

bool holds_any(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [text](std::string_view word) { return text.contains(word); });
}

template <std::size_t Size>
std::string_view advice_for(const std::array<Advice, Size>& table, std::string_view text) {
  const auto found = std::ranges::find_if(
      table, [text](const Advice& advice) { return text.find(advice.word) != std::string_view::npos; });
  return found == table.end() ? std::string_view() : found->next_step;
}

// The service's own words, the most telling first; empty where it says nothing beyond "it ended".
std::string reason_of(const aws::ecs::Task& task, const aws::ecs::Container* container) {
  if (container != nullptr && !container->reason.empty()) return container->reason;
  if (!task.stopped_reason.empty() && task.stop_code != "EssentialContainerExited")
    return task.stopped_reason;
  return {};
}

std::string with_cause(std::string line, std::string_view reason) {
  const StopCause* known = stop_cause_of(reason);
  if (known != nullptr) line += fmt::format("; {}: {}", known->cause, known->next_step);
  return line;
}

std::string explain_exit(std::string_view container, int code, const std::string& reason) {
  std::string line = fmt::format("container '{}' exited with {}", container, code);
  const auto meaning = std::ranges::find(kCodeMeanings, code, &CodeMeaning::code);
  if (!reason.empty()) {
    line += fmt::format(": {}", reason);
  } else if (meaning != kCodeMeanings.end()) {
    line += fmt::format(": {}", meaning->meaning);
  }
  return with_cause(std::move(line), reason);
}

// Of a task whose command brought no exit code of its own; nothing where the reason is not known.
std::optional<bool> may_pass_by_itself(const aws::ecs::Task& task, std::string_view reason) {
  if (task.stop_code == "SpotInterruption" || task.stop_code == "TerminationNotice") return true;
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
  const std::optional<int> code = container == nullptr ? std::nullopt : container->exit_code;
  constexpr int kLargestStatus = 255;
  if (code && *code >= 0 && *code <= kLargestStatus) {
    result.outcome = Outcome::exited;
    result.exit_code = code;
    result.exit_code_source = ExitCodeSource::describe;
    if (*code != 0) {
      result.explanation = explain_exit(container_name, *code, reason);
      // SIGTERM and SIGKILL of a spot interruption arrive as exit codes.
      if (task.stop_code == "SpotInterruption") result.retryable = true;
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
  if (!words.empty()) line += fmt::format(": {}", words);
  result.explanation = with_cause(std::move(line), words);
  return result;
}

std::string explain_placement(const aws::ecs::ServiceFailure& failure) {
  std::string line = "RunTask started nothing: ";
  line += failure.reason.empty() ? "no reason was given" : failure.reason;
  if (!failure.detail.empty()) line += fmt::format(" ({})", failure.detail);
  if (!failure.arn.empty()) line += fmt::format(", {}", failure.arn);
  const std::string_view next_step = advice_for(kPlacementAdvice, failure.reason);
  if (!next_step.empty()) line += fmt::format("; {}", next_step);
  return line;
}

bool is_capacity_failure(const Failure& failure) {
  constexpr std::array<std::string_view, 3> kWords{"Capacity is unavailable", "RESOURCE:", "capacity"};
  return holds_any(failure.service_code, kWords) || failure.what.contains("Capacity is unavailable");
}

bool is_passing_placement(const Failure& failure) {
  return is_capacity_failure(failure) || failure.service_code == "AGENT";
}

bool is_capacity_end(const CommandResult& result) {
  return result.stop_code == "SpotInterruption" || result.stopped_reason.contains("Capacity is unavailable");
}

}  // namespace ferry::feature
