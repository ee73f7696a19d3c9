#include "feature/doctor/facts.hpp"

#include "base/text.hpp"

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

}  // namespace ferry::feature
