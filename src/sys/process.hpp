// Processes that are not our children: the inside of a container, seen from outside.
// Stateless; thread-safe.
#pragma once

#include "base/result.hpp"
#include "sys/unique_fd.hpp"

#include <chrono>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace ferry::sys {

// A pidfd. Failure not_found if there is no such process.
Result<UniqueFd> open_process(pid_t pid);
bool has_ended(const UniqueFd& process);
// No effect after its end.
void send_signal(const UniqueFd& process, int number);
// SIGKILL, then waits for the end, at most this long.
void kill_and_wait(const UniqueFd& process, std::chrono::milliseconds timeout);

// Empty also where the process has ended.
std::vector<pid_t> children_of(pid_t pid);
// Its number in the innermost PID namespace that it is in.
std::optional<pid_t> innermost_pid(pid_t pid);

}  // namespace ferry::sys
