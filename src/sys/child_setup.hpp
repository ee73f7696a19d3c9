// What a child process can change about its surroundings between fork and exec: a private view of the files,
// the namespaces of another process, and what it may still do. Own no resources. Everything here is
// async-signal-safe: it runs in the copy of a process whose other threads are gone.
#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <optional>
#include <string>
#include <vector>

namespace ferry::sys {

// A writable view of a folder that nobody else sees and that is gone with the child's mount namespace: an
// overlay over `lower` whose changes live in memory.
struct PrivateOverlay {
  int lower = -1;       // descriptor of the folder; what is mounted below it is not part of the view
  std::string scratch;  // an existing folder, covered by a tmpfs in the child's own mount namespace
  // Where the child then finds the view.
  [[nodiscard]] std::string merged() const { return scratch + "/merged"; }
};

// A mount namespace of the child's own, in which all that is mounted is read-only but for the overlay:
// neither by a bind mount nor by a descriptor that it opens there (its own program, a device) can it, or what
// it starts, change a file of the host or that file's mode and owner. What the kernel has mounted below /sys
// for debugging is not there. Needs the right to mount (root).
struct ReadOnlyHost {
  std::optional<PrivateOverlay> overlay;
};

// An errno, or 0.
int make_host_read_only(const ReadOnlyHost& host) noexcept;

// The namespaces (mount, PID, IPC, UTS, and user where it has its own) and the root folder of a process.
struct NamespaceEntry {
  int process = -1;  // its pidfd
  bool with_user = false;
};

// Children that are forked afterwards are inside; the caller itself only partly. An errno, or 0.
int enter_namespaces(const NamespaceEntry& entry) noexcept;

// Gives up every capability whose bit is not in `kept`, for good, and the right to gain any by exec.
// An errno, or 0.
int limit_capabilities(std::uint64_t kept) noexcept;

// A program of the kernel's packet filter that judges every system call of a process and its children.
using SyscallFilter = std::vector<sock_filter>;

// For good. The right to gain privileges by exec must be given up before. An errno, or 0.
int apply_syscall_filter(const SyscallFilter& filter) noexcept;

// A descriptor of an input that is at its end: /dev/null as it is found here, or an empty pipe where
// something else has that name. -1 and errno where neither can be had.
int open_empty_input() noexcept;

}  // namespace ferry::sys
