#include "aws/secret_file.hpp"

#include <fstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>

namespace ferry::aws {
namespace {

constexpr std::size_t kMostBytes = 1U << 20U;

}  // namespace

void check_secret_file(const std::string& path, Observer& observer) {
  constexpr mode_t kReadOrChangedByOthers = S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
  struct stat status{};
  struct statvfs file_system{};
  if (::stat(path.c_str(), &status) != 0 || ::statvfs(path.c_str(), &file_system) != 0) return;
  const bool is_ours = status.st_uid == ::geteuid() && (file_system.f_flag & ST_RDONLY) == 0;
  if (is_ours && (status.st_mode & kReadOrChangedByOthers) != 0) observer.open_file(path);
}

std::optional<Secret> read_secret_file(const std::string& path, Observer& observer) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.size() > kMostBytes) {
    wipe(text);
    return std::nullopt;
  }
  check_secret_file(path, observer);
  return Secret(std::move(text));
}

}  // namespace ferry::aws
