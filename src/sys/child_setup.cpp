#include "sys/child_setup.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace ferry::sys {

namespace {

// Joins pieces without allocating. An empty result: they do not fit.
class FixedText {
 public:
  FixedText& operator+=(std::string_view piece) {
    if (size_ + piece.size() >= bytes_.size()) {
      fits_ = false;
      return *this;
    }
    std::memcpy(bytes_.data() + size_, piece.data(), piece.size());
    size_ += piece.size();
    bytes_.at(size_) = '\0';
    return *this;
  }
  [[nodiscard]] const char* c_str() const { return fits_ ? bytes_.data() : ""; }

 private:
  std::array<char, 4096> bytes_{};
  std::size_t size_ = 0;
  bool fits_ = true;
};

FixedText joined(std::string_view first, std::string_view second) {
  FixedText text;
  text += first;
  text += second;
  return text;
}

int mount_private_overlay(const PrivateOverlay& overlay) noexcept {
  const std::string_view scratch = overlay.scratch;
  const FixedText upper = joined(scratch, "/upper");
  const FixedText work = joined(scratch, "/work");
  const FixedText merged = joined(scratch, "/merged");
  FixedText options;
  // "." because the scratch folder may cover the lower one's path; the working directory leads there.
  for (const std::string_view piece :
       {std::string_view("lowerdir=.,upperdir="), scratch, std::string_view("/upper,workdir="), scratch,
        std::string_view("/work")})
    options += piece;

  const bool done =
      ::mount("tmpfs", overlay.scratch.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") == 0 &&
      ::mkdir(upper.c_str(), 0755) == 0 && ::mkdir(work.c_str(), 0700) == 0 &&
      ::mkdir(merged.c_str(), 0755) == 0 &&
      ::mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) == 0 && ::chdir("/") == 0;
  return done ? 0 : errno;
}

// /sys without what is mounted below it (the kernel's debugging, tracing and security files), control groups
// excepted: they say what limits hold.
bool uncover_devices() noexcept {
  constexpr const char* devices = "/sys";
  constexpr const char* groups = "/sys/fs/cgroup";
  const int kept = ::open_tree(AT_FDCWD, groups, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (::mount(devices, devices, nullptr, MS_BIND, nullptr) != 0) return errno == ENOENT;
  return kept < 0 || ::move_mount(kept, "", AT_FDCWD, groups, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

bool is_null_device(int descriptor) noexcept {
  constexpr unsigned major_number = 1, minor_number = 3;
  struct stat found{};
  return ::fstat(descriptor, &found) == 0 && S_ISCHR(found.st_mode) &&
         found.st_rdev == makedev(major_number, minor_number);
}

}  // namespace

int make_host_read_only(const ReadOnlyHost& host) noexcept {
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  // Before, since what was opened outside of a mount namespace cannot be mounted in it; the working directory
  // moves along.
  if (host.overlay && ::fchdir(host.overlay->lower) != 0) return errno;
  const bool done = ::unshare(CLONE_NEWNS) == 0 &&
                    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && uncover_devices() &&
                    ::mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) == 0;
  if (!done) return errno;
  return host.overlay ? mount_private_overlay(*host.overlay) : 0;
}

int enter_namespaces(const NamespaceEntry& entry) noexcept {
  int kinds = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  if (entry.with_user) kinds |= CLONE_NEWUSER;
  return ::setns(entry.process, kinds) == 0 ? 0 : errno;
}

int limit_capabilities(std::uint64_t kept) noexcept {
  constexpr unsigned long capability_bits = 64;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return errno;
  for (unsigned long capability = 0; capability < capability_bits; ++capability) {
    if (((kept >> capability) & 1U) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // beyond the last one that this kernel knows
    return errno;
  }
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

int apply_syscall_filter(const SyscallFilter& filter) noexcept {
  // The kernel writes nothing there; its structure just has no const.
  const sock_fprog program{
      .len = static_cast<unsigned short>(filter.size()),
      .filter = const_cast<sock_filter*>(filter.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : errno;
}

int open_empty_input() noexcept {
  // What a container calls /dev/null may be anything: nothing of it may lead elsewhere or let us wait.
  const int null = ::open("/dev/null", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (null >= 0 && is_null_device(null) && ::fcntl(null, F_SETFL, O_RDWR) == 0) return null;
  if (null >= 0) ::close(null);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return -1;
  ::close(ends[1]);
  return ends[0];
}

}  // namespace ferry::sys
