#include "feature/run/who_ended.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::string_view kEssentialExited = "EssentialContainerExited";
constexpr std::string_view kNotKnown = "whether its work was done is not known";

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

void put(std::vector<std::string>& names, const std::string& name, bool belongs) {
  if (belongs && !has(names, name)) names.push_back(name);
  if (!belongs) std::erase(names, name);
}

// Endpoints that imitate ECS may leave stopCode out and keep its words.
bool stopped_by_an_essential_end(const aws::ecs::Task& task) {
  return task.stop_code == kEssentialExited ||
         (task.stop_code.empty() && task.stopped_reason.starts_with("Essential container in task exited"));
}

bool has_ended(const aws::ecs::Container& container) {
  return container.last_status == "STOPPED";
}

// SIGTERM gives such a code, or the SIGKILL that follows it; one for want of memory is another.
bool may_be_from_a_stop(const aws::ecs::Container& container) {
  constexpr int kKilled = 137;
  constexpr int kTerminated = 143;
  const bool is_signal = container.exit_code == kKilled || container.exit_code == kTerminated;
  return is_signal && !contains_ignoring_case(container.reason, "OutOfMemory");
}

// Another waited for its end and was started, which no task does that is to stop.
bool has_released_another(const aws::ecs::Task& stopped, const ContainerRoles& roles,
                          std::string_view container) {
  return std::ranges::any_of(stopped.containers, [&roles, container](const aws::ecs::Container& other) {
    return other.exit_code &&
           std::ranges::any_of(roles.dependencies_of(other.name), [container](const auto& dependency) {
             return dependency.container == container &&
                    (dependency.condition == "COMPLETE" || dependency.condition == "SUCCESS");
           });
  });
}

std::string told_to_stop(const aws::ecs::Task& stopped) {
  const std::string& words = stopped.stopped_reason.empty() ? stopped.stop_code : stopped.stopped_reason;
  const std::string by_whom = words.empty() ? "" : fmt::format(" ({})", without_full_stop(words));
  return fmt::format(" after the task was told to stop{}: {}", by_whom, kNotKnown);
}

using Others = std::vector<const aws::ecs::Container*>;

Others essential_others(const ContainerEnds& ends, const aws::ecs::Task& stopped,
                        const ContainerRoles& roles) {
  Others others;
  for (const aws::ecs::Container& container : stopped.containers) {
    if (container.name != ends.container() && roles.is_essential(container.name))
      others.push_back(&container);
  }
  return others;
}

const aws::ecs::Container* first_of(const Others& others, auto fits) {
  const auto found = std::ranges::find_if(others, [&fits](const auto* each) { return fits(*each); });
  return found == others.end() ? nullptr : *found;
}

std::string names_of(const Others& others) {
  std::string names;
  for (const aws::ecs::Container* container : others)
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", container->name);
  return names;
}

EndVerdict of_kind(EndVerdict::Kind kind) {
  EndVerdict verdict;
  verdict.kind = kind;
  return verdict;
}

EndVerdict unknown(const ContainerRoles& roles, std::string why) {
  EndVerdict verdict;
  verdict.why = std::move(why);
  if (!roles.unreadable().empty()) {
    verdict.why +=
        fmt::format("; which of the containers are essential is not known: {}", roles.unreadable());
  }
  return verdict;
}

EndVerdict preceded(const ContainerRoles& roles, const aws::ecs::Container& other, bool is_certain) {
  EndVerdict verdict =
      unknown(roles, is_certain ? fmt::format(" after {}, which stops the task: {}", end_of(other), kNotKnown)
                                : fmt::format(", but {}, perhaps before it, which stops the task: {}",
                                              end_of(other), kNotKnown));
  verdict.first = other.name;
  verdict.is_certain = is_certain;
  return verdict;
}

// No poll saw which of `others` ended before the chosen one and which after it.
EndVerdict judge_unseen_order(const Others& others, const ContainerRoles& roles, bool is_essential) {
  const aws::ecs::Container* failed = first_of(others, [](const aws::ecs::Container& each) {
    return each.exit_code != 0 && !may_be_from_a_stop(each);
  });
  if (failed != nullptr) return preceded(roles, *failed, false);
  const bool were_told_to_stop =
      std::ranges::all_of(others, [](const auto* each) { return may_be_from_a_stop(*each); });
  // Who told them? The chosen one's end, where that ends the task.
  if (were_told_to_stop && is_essential) return of_kind(EndVerdict::Kind::success);
  return unknown(
      roles, fmt::format(", and whether {} ended first, which stops the task, was not seen: {}{}",
                         names_of(others), kNotKnown,
                         is_essential ? "; in the task definition make sidecars `essential: false`" : ""));
}

// What explains a code that is not 0 and that a stop gives.
EndVerdict judge_failed(const ContainerEnds& ends, const aws::ecs::Container& container, const Others& others,
                        bool is_essential_end) {
  EndVerdict verdict = of_kind(EndVerdict::Kind::failed);
  const aws::ecs::Container* first =
      first_of(others, [&ends](const aws::ecs::Container& each) { return ends.was_preceded_by(each.name); });
  verdict.is_certain = first != nullptr;
  if (first == nullptr && may_be_from_a_stop(container) && is_essential_end) {
    first = first_of(others, [&ends](const aws::ecs::Container& each) {
      return !ends.was_followed_by(each.name) && !may_be_from_a_stop(each);
    });
  }
  if (first == nullptr) return verdict;
  verdict.first = first->name;
  verdict.why = verdict.is_certain ? fmt::format(" after {}, which stops the task", end_of(*first))
                                   : fmt::format(", and {}, which stops the task", end_of(*first));
  return verdict;
}

}  // namespace

bool ContainerRoles::is_essential(std::string_view container) const {
  const auto found = std::ranges::find(containers_, container, &aws::ecs::ContainerDefinition::name);
  if (found != containers_.end()) return found->essential;
  // In no definition: put there by AWS. GuardDuty's is documented as non-essential.
  return !container.starts_with("aws-guardduty-agent");
}

std::vector<aws::ecs::ContainerDependency> ContainerRoles::dependencies_of(std::string_view container) const {
  const auto found = std::ranges::find(containers_, container, &aws::ecs::ContainerDefinition::name);
  return found == containers_.end() ? std::vector<aws::ecs::ContainerDependency>() : found->depends_on;
}

void ContainerEnds::seen(const aws::ecs::Task& task) {
  const aws::ecs::Container* chosen = find_container(task, container_);
  if (chosen == nullptr || has_stopped(task)) return;
  const bool was_told = is_to_stop(task);
  has_ended_ = has_ended(*chosen);
  if (!has_ended_) {
    // One that is started again has not ended for good.
    ended_unasked_ = false;
    later_.clear();
    was_stopped_from_outside_ |= was_told && !task.stop_code.empty() && task.stop_code != kEssentialExited;
  } else if (!was_told) {
    ended_unasked_ = true;
  }
  const auto is_gone = [&task](const std::string& name) { return find_container(task, name) == nullptr; };
  std::erase_if(earlier_, is_gone);
  std::erase_if(later_, is_gone);
  for (const aws::ecs::Container& other : task.containers) {
    if (other.name == container_) continue;
    if (!has_ended_) {
      put(earlier_, other.name, has_ended(other));
    } else if (!has_ended(other)) {
      put(later_, other.name, true);
      put(earlier_, other.name, false);
    }
  }
}

bool ContainerEnds::was_preceded_by(std::string_view other) const {
  return has(earlier_, other);
}

bool ContainerEnds::was_followed_by(std::string_view other) const {
  return has(later_, other);
}

void TaskEnds::seen(const aws::ecs::Task& task) {
  std::erase_if(containers_, [&task](const ContainerEnds& ends) {
    return find_container(task, ends.container()) == nullptr;
  });
  for (const aws::ecs::Container& container : task.containers) {
    if (std::ranges::find(containers_, container.name, &ContainerEnds::container) == containers_.end())
      containers_.emplace_back(container.name);
  }
  for (ContainerEnds& ends : containers_) ends.seen(task);
}

ContainerEnds TaskEnds::of(const std::string& container) const {
  const auto found = std::ranges::find(containers_, container, &ContainerEnds::container);
  return found == containers_.end() ? ContainerEnds(container) : *found;
}

bool is_to_stop(const aws::ecs::Task& task) {
  return task.desired_status == "STOPPED" || task.last_status == "DEACTIVATING" ||
         task.last_status == "STOPPING" || task.last_status == "DEPROVISIONING";
}

bool is_ending(const aws::ecs::Task& task, const ContainerRoles& roles) {
  if (is_to_stop(task)) return true;
  return std::ranges::any_of(task.containers, [&roles](const aws::ecs::Container& container) {
    return has_ended(container) && roles.is_essential(container.name);
  });
}

EndVerdict judge_end(const ContainerEnds& ends, const aws::ecs::Task& stopped, const ContainerRoles& roles) {
  const aws::ecs::Container* container = find_container(stopped, ends.container());
  if (container == nullptr || !container->exit_code) return {};
  Others others = essential_others(ends, stopped, roles);
  const bool is_essential_end = stopped_by_an_essential_end(stopped);
  if (*container->exit_code != 0) return judge_failed(ends, *container, others, is_essential_end);
  const aws::ecs::Container* first =
      first_of(others, [&ends](const aws::ecs::Container& each) { return ends.was_preceded_by(each.name); });
  if (first != nullptr) return preceded(roles, *first, true);
  if (has_released_another(stopped, roles, container->name)) return of_kind(EndVerdict::Kind::success);
  const bool is_essential = roles.is_essential(container->name);
  // The end of a container that is not essential stops no task.
  const bool may_have_stopped_it = is_essential && is_essential_end;
  if (ends.was_stopped_from_outside() || (!ends.ended_unasked() && !is_essential_end))
    return unknown(roles, told_to_stop(stopped));
  std::erase_if(others, [&ends](const auto* each) { return ends.was_followed_by(each->name); });
  if (others.empty() && (ends.ended_unasked() || may_have_stopped_it))
    return of_kind(EndVerdict::Kind::success);
  if (others.empty()) return unknown(roles, told_to_stop(stopped));
  return judge_unseen_order(others, roles, is_essential);
}

std::string end_of(const aws::ecs::Container& container) {
  std::string line = fmt::format("container '{}' ", container.name);
  if (container.exit_code) {
    line += fmt::format("exited with {}", *container.exit_code);
  } else {
    line += "ended without an exit code";
  }
  if (!container.reason.empty()) line += fmt::format(" ({})", without_full_stop(container.reason));
  return line;
}

std::string ends_of_their_own(const aws::ecs::Task& task) {
  std::string ends;
  for (const aws::ecs::Container& container : task.containers) {
    if (!has_ended(container) || !container.exit_code || may_be_from_a_stop(container)) continue;
    ends += (ends.empty() ? "" : ", ") + end_of(container);
  }
  return ends;
}

const aws::ecs::Container* find_container(const aws::ecs::Task& task, std::string_view name) {
  const auto found = std::ranges::find(task.containers, name, &aws::ecs::Container::name);
  return found == task.containers.end() ? nullptr : &*found;
}

std::string_view without_full_stop(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

}  // namespace ferry::feature
