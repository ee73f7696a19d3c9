#include "local/runtime/syscall_policy.hpp"

#include "sys/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::local {

namespace {

struct Refused {
  const char* name;
  int error = EPERM;
};

constexpr std::array refused_calls = {
    // The kernel's keyrings know users, not containers: keys of the endpoint and of other tasks are in reach.
    Refused{"add_key"},
    Refused{"keyctl"},
    Refused{"request_key"},
    // Large parts of the kernel that are open to everybody where the system's settings do not close them.
    Refused{"bpf"},
    Refused{"io_uring_enter"},
    Refused{"io_uring_register"},
    Refused{"io_uring_setup"},
    Refused{"perf_event_open"},
    Refused{"userfaultfd"},
    // The kernel's log tells of the whole machine.
    Refused{"syslog"},
    // Its flags lie in memory, where a filter cannot see them. Who gets this error uses clone instead.
    Refused{"clone3", ENOSYS},
};

struct RefusedWith {
  const char* name;
  scmp_arg_cmp argument;
};

// A user namespace gives every capability inside of it, and with them the mounts and networks that
// containers may not make. A VM's sockets lead to the machine that it runs on.
constexpr std::array refused_arguments = {
    RefusedWith{"clone", {0, SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER}},
    RefusedWith{"unshare", {0, SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER}},
    RefusedWith{"socket", {0, SCMP_CMP_EQ, AF_VSOCK, 0}},
};

struct Release {
  void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

Failure no_filter(int error) {
  return system_failure("cannot make the containers' system call filter", error < 0 ? -error : error);
}

// A 64-bit kernel runs 32-bit programs, too, whose calls have numbers of their own.
int add_32_bit(const Context& context) {
  int added = 0;
  switch (::seccomp_arch_native()) {
    case SCMP_ARCH_X86_64:
      added = ::seccomp_arch_add(context.get(), SCMP_ARCH_X86);
      return added == 0 ? ::seccomp_arch_add(context.get(), SCMP_ARCH_X32) : added;
    case SCMP_ARCH_AARCH64:
      return ::seccomp_arch_add(context.get(), SCMP_ARCH_ARM);
    default:
      return 0;
  }
}

int add_rules(const Context& context) {
  for (const Refused& call : refused_calls) {
    const int number = ::seccomp_syscall_resolve_name(call.name);
    const int added = ::seccomp_rule_add_array(
        context.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(call.error)), number, 0, nullptr);
    if (added != 0) return added;
  }
  for (const RefusedWith& call : refused_arguments) {
    const int number = ::seccomp_syscall_resolve_name(call.name);
    const int added =
        ::seccomp_rule_add_array(context.get(), SCMP_ACT_ERRNO(EPERM), number, 1, &call.argument);
    if (added != 0) return added;
  }
  return 0;
}

// libseccomp writes its program into a file.
Result<sys::SyscallFilter> compiled(const Context& context) {
  const sys::UniqueFd file(::memfd_create("ferry", MFD_CLOEXEC));
  if (!file.valid()) return fail(no_filter(errno));
  if (const int written = ::seccomp_export_bpf(context.get(), file.get()); written != 0)
    return fail(no_filter(written));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(no_filter(errno));
  sys::SyscallFilter filter(static_cast<std::size_t>(status.st_size) / sizeof(sock_filter));
  const std::size_t bytes = filter.size() * sizeof(sock_filter);
  if (::pread(file.get(), filter.data(), bytes, 0) != static_cast<ssize_t>(bytes))
    return fail(no_filter(EIO));
  return filter;
}

}  // namespace

Result<sys::SyscallFilter> container_syscall_filter() {
  const Context context(::seccomp_init(SCMP_ACT_ALLOW));
  if (!context) return fail(no_filter(ENOMEM));
  if (const int added = add_32_bit(context); added != 0) return fail(no_filter(added));
  if (const int added = add_rules(context); added != 0) return fail(no_filter(added));
  return compiled(context);
}

}  // namespace ferry::local
