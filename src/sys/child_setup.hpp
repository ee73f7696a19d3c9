// What a child process can change about its surroundings between fork and exec: a private root to write on,
// or the namespaces of another process. Own no resources. Everything here is async-signal-safe: it runs in
// the copy of a process whose other threads are gone.
#pragma once

#include <cstdint>
#include <string>

namespace ferry::sys {

// A writable view of a folder that nobody else sees and that is gone with the child's mount namespace: an
// overlay over `lower` whose changes live in memory. Needs the right to mount (root).
struct PrivateOverlay {
  std::string lower;    // "/" or the folder of an image; what is mounted below it is not part of the view
  std::string scratch;  // an existing folder, covered by a tmpfs in the child's own mount namespace
  // Where the child then finds the view.
  [[nodiscard]] std::string merged() const { return scratch + "/merged"; }
};

// Leaves the child in a mount namespace of its own with the overlay in place. An errno, or 0.
int mount_private_overlay(const PrivateOverlay& overlay) noexcept;

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

}  // namespace ferry::sys
