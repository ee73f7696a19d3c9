#include "sys/whole_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::sys {
namespace {

Failure not_written(const std::string& path, int error) {
  return system_failure(fmt::format("cannot write {}", path), error);
}

}  // namespace

Result<WholeFile> WholeFile::begin(std::string path) {
  constexpr mode_t kMode = 0644;
  struct stat found{};
  if (::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return fail(not_written(path, EISDIR));
  std::string draft = fmt::format("{}.{}.draft", path, ::getpid());
  ::unlink(draft.c_str());  // of an earlier process with this id
  UniqueFd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  if (!file.valid()) return fail(not_written(path, errno));
  return WholeFile(std::move(path), std::move(draft), std::move(file));
}

WholeFile::WholeFile(std::string path, std::string draft, UniqueFd file)
    : path_(std::move(path)), draft_(std::move(draft)), file_(std::move(file)) {}

WholeFile::WholeFile(WholeFile&& other) noexcept
    : path_(std::move(other.path_)),
      draft_(std::exchange(other.draft_, std::string())),
      file_(std::move(other.file_)) {}

WholeFile::~WholeFile() {
  if (!draft_.empty()) ::unlink(draft_.c_str());
}

Result<> WholeFile::add(std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(file_.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(not_written(path_, errno));
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<> WholeFile::finish() {
  if (::fsync(file_.get()) != 0 && errno != EINVAL) return fail(not_written(path_, errno));
  if (::rename(draft_.c_str(), path_.c_str()) != 0) return fail(not_written(path_, errno));
  draft_.clear();
  return {};
}

Result<> write_whole_file(const std::string& path, std::string_view content) {
  Result<WholeFile> file = WholeFile::begin(path);
  if (!file) return fail(file.error());
  Result<> added = file->add(content);
  if (!added) return added;
  return file->finish();
}

Result<> can_write_whole_file(const std::string& path) {
  const Result<WholeFile> file = WholeFile::begin(path);
  if (!file) return fail(file.error());
  return {};
}

}  // namespace ferry::sys
