// The system calls that containers are refused: those that need no capability and reach beyond a container.
// All others are the kernel's to judge, by the capabilities that a container has. Pure; thread-safe.
#pragma once

#include "base/result.hpp"
#include "sys/child_setup.hpp"

namespace ferry::local {

// For this machine's processor, its 32-bit programs included.
Result<sys::SyscallFilter> container_syscall_filter();

}  // namespace ferry::local
