#include "feature/doctor/facts.hpp"

#include "base/text.hpp"
#include "feature/container_choice.hpp"

#include <algorithm>

namespace ferry::feature {

std::string task_role_arn(const Facts& facts) {
  const TaskFacts* task = known(facts.task);
  if (task != nullptr && !task->task_role_override.empty()) return task->task_role_override;
  const TaskDefinitionFacts* definition = known(facts.definition);
  return definition == nullptr ? std::string{} : definition->task_role_arn;
}

std::string execution_role_arn(const Facts& facts) {
  const TaskFacts* task = known(facts.task);
  if (task != nullptr && !task->execution_role_override.empty()) return task->execution_role_override;
  const TaskDefinitionFacts* definition = known(facts.definition);
  return definition == nullptr ? std::string{} : definition->execution_role_arn;
}

std::string last_part(std::string_view arn) {
  return std::string(arn.substr(arn.rfind('/') + 1));  // all of it where there is no slash
}

std::string arn_part(std::string_view arn, std::size_t position) {
  const std::vector<std::string_view> parts = split(arn, ':');
  return parts.size() < 6 || position >= parts.size() ? std::string{} : std::string(parts[position]);
}

namespace {

bool is_of_aws(const Facts& facts, std::string_view name) {
  ContainerCandidate candidate;
  candidate.name = name;
  if (const TaskFacts* task = known(facts.task)) {
    const auto state = std::ranges::find(task->containers, name, &ContainerState::name);
    if (state != task->containers.end()) candidate.image = state->image;
  }
  if (const TaskDefinitionFacts* definition = known(facts.definition)) {
    const auto defined = std::ranges::find(definition->containers, name, &ContainerDefinitionFacts::name);
    candidate.is_outside_definition = defined == definition->containers.end();
    if (!candidate.is_outside_definition) {
      candidate.image = defined->image;
      candidate.is_log_router = defined->is_log_router;
    }
  }
  return is_put_there_by_aws(candidate);
}

}  // namespace

bool is_meant(const Facts& facts, std::string_view container) {
  if (!facts.container.empty()) return facts.container == container;
  const TaskDefinitionFacts* definition = known(facts.definition);
  // The only one is meant, whatever it is.
  const bool is_alone = definition != nullptr && definition->containers.size() == 1 &&
                        definition->containers.front().name == container;
  return is_alone || !is_of_aws(facts, container);
}

}  // namespace ferry::feature
