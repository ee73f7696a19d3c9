#include "sys/child_setup.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sched.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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

}  // namespace

int mount_private_overlay(const PrivateOverlay& overlay) noexcept {
  const std::string_view scratch = overlay.scratch;
  const FixedText upper = joined(scratch, "/upper");
  const FixedText work = joined(scratch, "/work");
  const FixedText merged = joined(scratch, "/merged");
  FixedText options;
  // "." because the scratch folder may cover the lower one's path; the working directory still leads there.
  for (const std::string_view piece :
       {std::string_view("lowerdir=.,upperdir="), scratch, std::string_view("/upper,workdir="), scratch,
        std::string_view("/work")})
    options += piece;

  const bool done =
      ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      ::chdir(overlay.lower.c_str()) == 0 &&
      ::mount("tmpfs", overlay.scratch.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") == 0 &&
      ::mkdir(upper.c_str(), 0755) == 0 && ::mkdir(work.c_str(), 0700) == 0 &&
      ::mkdir(merged.c_str(), 0755) == 0 &&
      ::mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) == 0 && ::chdir("/") == 0;
  return done ? 0 : errno;
}

int enter_namespaces(const NamespaceEntry& entry) noexcept {
  int kinds = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  if (entry.with_user) kinds |= CLONE_NEWUSER;
  return ::setns(entry.process, kinds) == 0 ? 0 : errno;
}

int limit_capabilities(std::uint64_t kept) noexcept {
  constexpr unsigned long capability_bits = 64;
  for (unsigned long capability = 0; capability < capability_bits; ++capability) {
    if (((kept >> capability) & 1U) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // beyond the last one that this kernel knows
    return errno;
  }
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

}  // namespace ferry::sys
