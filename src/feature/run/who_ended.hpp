// Which container of a task ended first, and what that makes of its exit code: a program that is told to stop
// may exit with 0 in the middle of its work, so a 0 is a success only where the container was not being
// stopped. ECS keeps no time of a container's end, so the order is known from what polls saw, else from
// stopCode, the `essential` flags and the other containers' exit codes. Pure; not thread-safe while seen()
// is called.
#pragma once

#include "aws/ecs.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ferry::feature {

// What a task definition says of its containers: whose end ends the task, and who waits for whom.
class ContainerRoles {
 public:
  // Without a definition every container counts as essential but those that AWS adds as non-essential.
  ContainerRoles() = default;
  explicit ContainerRoles(const aws::ecs::TaskDefinition& definition) : containers_(definition.containers) {}
  // The definition could not be read: the same, and verdicts that hang on it say so.
  explicit ContainerRoles(const Failure& failure) : unreadable_(failure.line()) {}

  [[nodiscard]] bool is_essential(std::string_view container) const;
  [[nodiscard]] std::vector<aws::ecs::ContainerDependency> dependencies_of(std::string_view container) const;
  // Why they are not known; empty where they are, or were not asked for.
  [[nodiscard]] const std::string& unreadable() const { return unreadable_; }

 private:
  std::vector<aws::ecs::ContainerDefinition> containers_;
  std::string unreadable_;
};

// What the polls of a task have shown of the order of ends, around one chosen container. Of the others it
// keeps names only, those that the last answer has.
class ContainerEnds {
 public:
  explicit ContainerEnds(std::string container) : container_(std::move(container)) {}

  // Each answer of DescribeTasks, in the order in which they came; what STOPPED tasks show tells no order and
  // may be left out.
  void seen(const aws::ecs::Task& task);

  [[nodiscard]] const std::string& container() const { return container_; }
  // It was seen to have ended when the task was not yet told to stop.
  [[nodiscard]] bool ended_unasked() const { return ended_unasked_; }
  // It ran when the task was already told to stop, for another reason than the end of a container.
  [[nodiscard]] bool was_stopped_from_outside() const { return was_stopped_from_outside_; }
  // It ran when that one had ended; it had ended when that one had not.
  [[nodiscard]] bool was_preceded_by(std::string_view other) const;
  [[nodiscard]] bool was_followed_by(std::string_view other) const;

 private:
  std::string container_;
  bool has_ended_ = false;
  bool ended_unasked_ = false;
  bool was_stopped_from_outside_ = false;
  std::vector<std::string> earlier_, later_;
};

// The same around every container, for whoever learns later which one is meant.
class TaskEnds {
 public:
  void seen(const aws::ecs::Task& task);
  [[nodiscard]] ContainerEnds of(const std::string& container) const;

 private:
  std::vector<ContainerEnds> containers_;
};

// Whether a poll shows that the task has to stop.
bool is_to_stop(const aws::ecs::Task& task);
// The same, or that its end has begun with the end of an essential container.
bool is_ending(const aws::ecs::Task& task, const ContainerRoles& roles);

struct EndVerdict {
  enum class Kind {
    success,  // it ended with 0, and not because it was told to
    failed,   // it ended with another code
    unknown,  // it ended with 0, but may have been told to; or no code is known
  };
  Kind kind = Kind::unknown;
  // The other container that ended first; empty where there is none, or nothing tells.
  std::string first;
  bool is_certain = false;  // of `first`: a poll saw it; else it may have been the first
  // For people, to be put behind "container 'app' exited with 0": what speaks against a success, or explains
  // a code that a stop gives; empty where there is nothing to say.
  std::string why;
};

// Of the chosen container in a task that has stopped.
EndVerdict judge_end(const ContainerEnds& ends, const aws::ecs::Task& stopped, const ContainerRoles& roles);

// "container 'side' exited with 3" or "... ended without an exit code", and the service's reason where it
// gives one.
std::string end_of(const aws::ecs::Container& container);

// Of the containers that have ended otherwise than by being told to stop, each as end_of() has it; empty
// where there are none.
std::string ends_of_their_own(const aws::ecs::Task& task);

// The container of that name, or null.
const aws::ecs::Container* find_container(const aws::ecs::Task& task, std::string_view name);

// The service's sentences stand inside of ours.
std::string_view without_full_stop(std::string_view text);

}  // namespace ferry::feature
