#include "sys/whole_file.hpp"

#include "sys/unique_fd.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::sys {
namespace {

// 0, or the error's number.
int write_all(const std::string& draft, std::string_view content) {
  constexpr mode_t kMode = 0644;
  const UniqueFd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  if (!file.valid()) return errno;
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(file.get()) != 0 && errno != EINVAL ? errno : 0;
}

std::string draft_of(const std::string& path) {
  return fmt::format("{}.{}.draft", path, ::getpid());
}

Result<> judge(const std::string& path, int error) {
  if (error == 0) return {};
  return fail(system_failure(fmt::format("cannot write {}", path), error));
}

}  // namespace

Result<> write_whole_file(const std::string& path, std::string_view content) {
  const std::string draft = draft_of(path);
  ::unlink(draft.c_str());  // of an earlier process with this id
  int error = write_all(draft, content);
  if (error == 0 && ::rename(draft.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(draft.c_str());
  return judge(path, error);
}

Result<> can_write_whole_file(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return judge(path, EISDIR);
  const std::string draft = draft_of(path);
  ::unlink(draft.c_str());
  const int error = write_all(draft, {});
  ::unlink(draft.c_str());
  return judge(path, error);
}

}  // namespace ferry::sys
