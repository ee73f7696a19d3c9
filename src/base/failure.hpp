// A failure of the world, as a value: what we did, with which id, why it failed and what to try.
// Owns its text; bounded by what its maker put in. Thread-safe like any value.
#pragma once

#include <string>
#include <string_view>

namespace ferry {

enum class FailureCode {
  usage,         // the caller asked for something that makes no sense
  not_found,     // the named thing does not exist
  ambiguous,     // the name fits several things
  denied,        // the service or the system refused us the right
  refused,       // a service refused the request for its own reason (see service_code)
  throttled,     // a service asked us to slow down, and the retries are used up
  unreachable,   // no connection could be made
  timed_out,     // an answer did not come in time
  cancelled,     // the caller gave up
  protocol,      // foreign bytes were wrong
  lost,          // a connection or session ended before its result was known
  local_system,  // a system call on this machine failed
};

struct Failure {
  FailureCode code = FailureCode::local_system;
  std::string what;          // "cannot describe task prod/0123: connection refused"
  std::string hint;          // what to try; may be empty
  std::string service_code;  // the service's own error name ("ClusterNotFoundException"); may be empty

  // The one line a person reads: `what`, then the hint after a semicolon. Line breaks become blanks.
  [[nodiscard]] std::string line() const;

  // The same failure seen from one step further out: "<context>: <what>".
  [[nodiscard]] Failure in(std::string_view context) const;

  bool operator==(const Failure&) const = default;
};

// "<what>: <text of errno error_number>" as a local_system failure.
Failure system_failure(std::string_view what, int error_number);

}  // namespace ferry
