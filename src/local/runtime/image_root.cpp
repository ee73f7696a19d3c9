#include "local/runtime/image_root.hpp"

#include "sys/child.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::local {

namespace {

constexpr std::string_view folder_prefix = "rootfs:";

std::string own_path(const sys::UniqueFd& file) {
  return fmt::format("/proc/self/fd/{}", file.get());
}

}  // namespace

bool is_within(std::string_view path, std::string_view folder) {
  if (folder == "/" || path == folder) return true;
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

Result<ImageRoot> ImageRoot::open(const std::string& image) {
  const bool is_folder = image.starts_with(folder_prefix);
  const std::string named = is_folder ? image.substr(folder_prefix.size()) : "/";
  sys::UniqueFd root;
  if (named.starts_with('/')) root = sys::UniqueFd(::open(named.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  // Where it really lies, whatever links led there.
  std::error_code error;
  std::string folder = root.valid() ? std::filesystem::read_symlink(own_path(root), error).string() : "";
  if (folder.starts_with('/')) return ImageRoot(std::move(folder), std::move(root));
  return fail(FailureCode::not_found, fmt::format("CannotPullContainerError: no image {}", image),
              "rootfs:/path names an absolute folder on this machine");
}

sys::UniqueFd ImageRoot::find(const std::string& path) const {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;  // absolute links of an image lead to its own files
  return sys::UniqueFd(static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
}

bool ImageRoot::has_folder(const std::string& path) const {
  const sys::UniqueFd found = find(path);
  struct stat status{};
  return found.valid() && ::fstat(found.get(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<> ImageRoot::check_program(const std::string& name, std::string_view search_path,
                                  const std::string& working_directory,
                                  std::span<const std::string> hidden) const {
  int worst = ENOENT;
  for (const std::string& candidate : sys::program_candidates(name, search_path)) {
    const std::string path =
        candidate.starts_with('/') ? candidate : fmt::format("{}/{}", working_directory, candidate);
    const sys::UniqueFd found = find(path);
    struct stat status{};
    if (!found.valid() || ::fstat(found.get(), &status) != 0) continue;
    if (is_host()) {
      std::error_code error;
      const std::string real = std::filesystem::read_symlink(own_path(found), error);
      if (std::ranges::any_of(hidden, [&](const std::string& folder) { return is_within(real, folder); }))
        continue;
    }
    if (S_ISREG(status.st_mode) && ::access(own_path(found).c_str(), X_OK) == 0) return {};
    worst = EACCES;
  }
  return fail(sys::execution_failure(name, worst));
}

}  // namespace ferry::local
