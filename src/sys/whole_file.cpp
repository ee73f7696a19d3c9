#include "sys/whole_file.hpp"

#include "sys/unique_fd.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::sys {
namespace {

Result<> write_all(const std::string& path, std::string_view content) {
  constexpr mode_t kMode = 0644;
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  if (!file.valid()) return fail(system_failure(fmt::format("cannot write {}", path), errno));
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_failure(fmt::format("cannot write {}", path), errno));
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file.get()) != 0 && errno != EINVAL) {
    return fail(system_failure(fmt::format("cannot write {}", path), errno));
  }
  return {};
}

}  // namespace

Result<> write_whole_file(const std::string& path, std::string_view content) {
  const std::string draft = fmt::format("{}.{}.draft", path, ::getpid());
  ::unlink(draft.c_str());  // of an earlier process with this id
  Result<> written = write_all(draft, content);
  if (!written) {
    ::unlink(draft.c_str());
    return written;
  }
  if (::rename(draft.c_str(), path.c_str()) == 0) return {};
  Failure failure = system_failure(fmt::format("cannot write {}", path), errno);
  ::unlink(draft.c_str());
  return fail(std::move(failure));
}

}  // namespace ferry::sys
