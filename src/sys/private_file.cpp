#include "sys/private_file.hpp"

#include "sys/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::sys {
namespace {

constexpr mode_t kOwnerOnlyFolder = 0700;
constexpr mode_t kOwnerOnlyFile = 0600;
constexpr mode_t kOthers = 0077;
constexpr mode_t kOthersWrite = 0022;
constexpr std::size_t kMostBytes = 64U << 10U;

Result<> make_one_folder(const std::string& path) {
  if (::mkdir(path.c_str(), kOwnerOnlyFolder) == 0 || errno == EEXIST) return {};
  return fail(system_failure(fmt::format("cannot make the folder {}", path), errno));
}

}  // namespace

Result<> make_private_folder(const std::string& path) {
  std::filesystem::path made;
  for (const std::filesystem::path& part : std::filesystem::path(path)) {
    made /= part;
    if (part.empty() || part == "/") continue;
    if (auto result = make_one_folder(made.string()); !result) return result;
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(system_failure(fmt::format("cannot look at the folder {}", path), errno));
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(FailureCode::usage, fmt::format("{} is not a folder", path), "name another one");
  }
  if (status.st_uid != ::geteuid() || (status.st_mode & kOthersWrite) != 0) {
    return fail(FailureCode::denied, fmt::format("other users can change the folder {}", path),
                fmt::format("make it yours alone: chmod 700 {}", path));
  }
  return {};
}

Result<> write_private_file(const std::string& path, std::string_view content) {
  const std::string draft = fmt::format("{}.{}", path, ::getpid());
  const UniqueFd file(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnerOnlyFile));
  if (!file.valid()) return fail(system_failure(fmt::format("cannot write {}", draft), errno));
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_failure(fmt::format("cannot write {}", draft), errno));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0 || ::rename(draft.c_str(), path.c_str()) != 0) {
    return fail(system_failure(fmt::format("cannot write {}", path), errno));
  }
  return {};
}

Result<std::string> read_private_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT)
    return fail(FailureCode::not_found, fmt::format("there is no {}", path));
  if (!file.valid()) return fail(system_failure(fmt::format("cannot read {}", path), errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    return fail(system_failure(fmt::format("cannot look at {}", path), errno));
  }
  if (status.st_uid != ::geteuid() || (status.st_mode & kOthers) != 0) {
    return fail(FailureCode::denied, fmt::format("other users could read or change {}", path),
                "it holds a key: delete it, and a new one is made");
  }
  std::string content;
  std::array<char, 4096> buffer{};
  while (content.size() <= kMostBytes) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count == 0) return content;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_failure(fmt::format("cannot read {}", path), errno));
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return fail(FailureCode::protocol, fmt::format("{} is too long to be ferry's", path));
}

}  // namespace ferry::sys
