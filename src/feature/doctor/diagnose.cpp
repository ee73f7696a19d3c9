#include "feature/doctor/diagnose.hpp"

#include "feature/doctor/checks.hpp"

#include <algorithm>

namespace ferry::feature {

std::vector<Finding> diagnose(const Facts& facts) {
  Findings findings;
  if (!check_target(facts, findings)) return findings;
  check_task_state(facts, findings);
  check_platform(facts, findings);
  check_task_role(facts, findings);  // before exec: ECS enables none without a task role
  check_exec_enabled(facts, findings);
  check_trust(facts, findings);
  check_channel_rights(facts, findings);
  check_containers(facts, findings);
  check_network(facts, findings);
  check_encryption(facts, findings);
  check_agent(facts, findings);  // after what can keep it from running
  check_open_sessions(facts, findings);
  check_caller(facts, findings);
  check_logging(facts, findings);
  return findings;
}

const Finding* first_wrong(const std::vector<Finding>& findings) {
  const auto found = std::ranges::find(findings, Verdict::wrong, &Finding::verdict);
  return found == findings.end() ? nullptr : &*found;
}

}  // namespace ferry::feature
