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

// Who may rename in a folder above it can put another one in its place.
Result<> check_folders_above(const std::string& path) {
  std::error_code error;
  std::filesystem::path above = std::filesystem::canonical(path, error);
  // In a user namespace the machine's root has another number.
  struct stat root{};
  if (::stat("/", &root) != 0) return fail(system_failure("cannot look at the folder /", errno));
  while (!error && above.has_relative_path()) {
    above = above.parent_path();
    struct stat status{};
    if (::stat(above.c_str(), &status) != 0)
      return fail(system_failure(fmt::format("cannot look at the folder {}", above.string()), errno));
    const bool is_anybodys = (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0;
    const bool is_anothers =
        status.st_uid != 0 && status.st_uid != root.st_uid && status.st_uid != ::geteuid();
    if (!is_anybodys && !is_anothers) continue;
    return fail(FailureCode::denied,
                fmt::format("another user could replace the folder {}: {} {}", path, above.string(),
                            is_anothers ? "is another user's" : "can be written by everybody"),
                "use a folder below your home");
  }
  if (error)
    return fail(FailureCode::local_system,
                fmt::format("cannot look at the folder {}: {}", path, error.message()));
  return {};
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
  return check_folders_above(path);
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
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const auto no_file = [&path](std::string_view what) {
    return fail(FailureCode::denied, fmt::format("{} is {}, and ferry's is a file", path, what), "delete it");
  };
  if (!file.valid() && errno == ELOOP) return no_file("a link");
  if (!file.valid() && errno == ENOENT)
    return fail(FailureCode::not_found, fmt::format("there is no {}", path));
  if (!file.valid()) return fail(system_failure(fmt::format("cannot read {}", path), errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    return fail(system_failure(fmt::format("cannot look at {}", path), errno));
  }
  if (!S_ISREG(status.st_mode)) return no_file("no file");
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
