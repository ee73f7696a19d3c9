// The checks of the doctor, one function a subject; diagnose.cpp puts them in order. Each adds its findings
// to `findings` and is pure.
#pragma once

#include "feature/doctor/facts.hpp"
#include "feature/doctor/finding.hpp"

#include <vector>

namespace ferry::feature {

using Findings = std::vector<Finding>;

// checks_target.cpp. False where there is nothing to look at any further.
bool check_target(const Facts& facts, Findings& findings);
void check_task_state(const Facts& facts, Findings& findings);
void check_platform(const Facts& facts, Findings& findings);

// checks_task.cpp
void check_exec_enabled(const Facts& facts, Findings& findings);
void check_containers(const Facts& facts, Findings& findings);
void check_agent(const Facts& facts, Findings& findings);
void check_open_sessions(const Facts& facts, Findings& findings);

// checks_rights.cpp
void check_task_role(const Facts& facts, Findings& findings);
void check_trust(const Facts& facts, Findings& findings);
void check_channel_rights(const Facts& facts, Findings& findings);
void check_caller(const Facts& facts, Findings& findings);

// checks_network.cpp
void check_network(const Facts& facts, Findings& findings);

// checks_cluster.cpp
void check_encryption(const Facts& facts, Findings& findings);
void check_logging(const Facts& facts, Findings& findings);

// What a role is short of: the actions that nothing allows, or why that cannot be told.
struct RoleGap {
  std::vector<std::string> missing;
  std::string denied_by;     // what denies one of them explicitly, or the boundary
  std::string unknown;       // why it cannot be told; empty where it can
  bool is_boundary = false;  // it is the permissions boundary that lacks them
};
RoleGap gap_of(const RoleFacts& role, const std::vector<std::string>& actions, const std::string& resource);

// A finding for a gap in the task role; false where there is none.
bool report_gap(const Facts& facts, std::string_view check, const RoleGap& gap,
                const std::vector<std::string>& actions, const std::vector<std::string>& resources,
                std::string_view consequence, Findings& findings);

}  // namespace ferry::feature
