#include "sys/locked_file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::sys {
namespace {

constexpr mode_t kOwnerOnlyFile = 0600;
constexpr mode_t kOwnerOnlyFolder = 0700;
constexpr std::size_t kLongestContent = std::size_t{1} << 20U;

// These give 0, or the error's number.

int sync_descriptor(int descriptor) {
  // EINVAL: a file system that has nothing to sync.
  return ::fsync(descriptor) != 0 && errno != EINVAL ? errno : 0;
}

int sync_folder(const std::string& folder) {
  const UniqueFd descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return descriptor.valid() ? sync_descriptor(descriptor.get()) : errno;
}

int make_folder(const std::filesystem::path& folder) {
  struct stat found{};
  if (::stat(folder.c_str(), &found) == 0) return S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
  const std::filesystem::path parent = folder.has_parent_path() ? folder.parent_path() : ".";
  if (parent == folder) return ENOENT;
  if (const int error = make_folder(parent); error != 0) return error;
  if (::mkdir(folder.c_str(), kOwnerOnlyFolder) != 0 && errno != EEXIST) return errno;
  return sync_folder(parent);
}

int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(descriptor, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return sync_descriptor(descriptor);
}

int try_lock(int descriptor) {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int fill_and_name(const UniqueFd& file, const std::string& draft, const std::string& path,
                  std::string_view content) {
  if (const int error = try_lock(file.get()); error != 0) return error;
  if (const int error = write_all(file.get(), content); error != 0) return error;
  return ::rename(draft.c_str(), path.c_str()) != 0 ? errno : 0;
}

tl::unexpected<Failure> cannot(std::string_view verb, const std::string& path, int error) {
  return fail(system_failure(fmt::format("cannot {} {}", verb, path), error));
}

}  // namespace

Result<LockedFile> LockedFile::create(const std::string& folder, const std::string& name,
                                      std::string_view content) {
  if (const int error = make_folder(folder); error != 0) return cannot("make", folder, error);
  std::string path = fmt::format("{}/{}", folder, name);
  // take() must never see it unlocked: it gets its name last, and the lock stays with it.
  const std::string draft = fmt::format("{}/.{}.draft", folder, name);
  UniqueFd file(::open(draft.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnlyFile));
  if (!file.valid()) return cannot("make", draft, errno);
  if (const int error = fill_and_name(file, draft, path, content); error != 0) {
    ::unlink(draft.c_str());
    return cannot("write", path, error);
  }
  if (const int error = sync_folder(folder); error != 0) {
    ::unlink(path.c_str());
    return cannot("write", folder, error);
  }
  return LockedFile(std::move(file), std::move(path));
}

Result<std::optional<LockedFile>> LockedFile::take(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT) return std::nullopt;
  if (!file.valid()) return cannot("open", path, errno);
  const int error = try_lock(file.get());
  if (error == EWOULDBLOCK) return std::nullopt;
  if (error != 0) return cannot("lock", path, error);
  struct stat found{};
  // Its owner may have removed it between our open() and the lock.
  if (::fstat(file.get(), &found) != 0 || found.st_nlink == 0) return std::nullopt;
  return LockedFile(std::move(file), path);
}

Result<std::string> LockedFile::read() const {
  std::string content;
  std::array<char, 4096> buffer{};
  while (content.size() < kLongestContent) {
    const ssize_t count =
        ::pread(file_.get(), buffer.data(), buffer.size(), static_cast<off_t>(content.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot("read", path_, errno);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return fail(FailureCode::local_system, fmt::format("{} is longer than {} bytes", path_, kLongestContent));
}

Result<> LockedFile::append(std::string_view content) {
  if (const int error = write_all(file_.get(), content); error != 0) return cannot("write", path_, error);
  return {};
}

Result<> LockedFile::remove() {
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return cannot("remove", path_, errno);
  return {};
}

}  // namespace ferry::sys
