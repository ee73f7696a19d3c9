// A RunTask that was sent and whose answer nobody has seen: what is said of it. Pure.
#pragma once

#include "feature/run/run.hpp"

#include <string>
#include <vector>

namespace ferry::feature {

struct UnansweredStart {
  std::string cluster;  // name or ARN
  std::string started_by;
  std::vector<std::string> client_tokens;  // of each such call
  std::string connection_flags;            // quoted, for the line to type; may be empty
};

// "a task may have started (startedBy 'ferry', client token ...); find it, with the line that stops it: ferry
// ps ...".
std::string may_have_started(const UnansweredStart& start);

// The report: the outcome is unknown, whatever made us stop waiting (`why`: "interrupted by SIGINT").
RunReport unanswered_report(std::string why, const UnansweredStart& start);

}  // namespace ferry::feature
