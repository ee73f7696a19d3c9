#include "sys/own_program.hpp"

#include "base/text.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace ferry::sys {

namespace {

constexpr const char* own_file = "/proc/self/exe";
constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

bool is_unchangeable(const UniqueFd& file, const struct stat& status) {
  struct statvfs mount{};
  if (::geteuid() != 0 && status.st_uid != ::geteuid()) return true;
  if (::fstatvfs(file.get(), &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0) return true;
  const int found = ::fcntl(file.get(), F_GET_SEALS);
  return found >= 0 && (found & seals) == seals;
}

// A mount of the file alone, in no namespace. Invalid and errno where we have no right to mount.
UniqueFd read_only_view() {
  UniqueFd view(::open_tree(AT_FDCWD, own_file, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  if (view.valid() && ::mount_setattr(view.get(), "", AT_EMPTY_PATH, &read_only, sizeof read_only) != 0)
    return {};
  return view;
}

UniqueFd sealed_copy(const UniqueFd& file, off_t bytes) {
  UniqueFd copy(::memfd_create("ferry", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  off_t done = 0;
  while (copy.valid() && done < bytes)
    if (::sendfile(copy.get(), file.get(), &done, static_cast<std::size_t>(bytes - done)) <= 0) return {};
  if (copy.valid() && ::fcntl(copy.get(), F_ADD_SEALS, seals) != 0) return {};
  return copy;
}

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> words;
  for (const std::string_view word : split(text, '\0')) words.emplace_back(word);
  if (!words.empty() && words.back().empty())
    words.pop_back();  // each word ends with a NUL, the last one too
  return words;
}

// Returns only where it fails, with errno.
void become(const UniqueFd& program) {
  std::vector<std::string> words = own_arguments();
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::syscall(SYS_execveat, program.get(), "", argv.data(), environ, AT_EMPTY_PATH);
}

Failure cannot_protect(int error) {
  Failure failure = system_failure("cannot keep ferry's own file from the tasks", error);
  failure.hint = "install ferry as a file of root, or choose --runtime process (no isolation)";
  return failure;
}

}  // namespace

Result<> run_from_unchangeable_file() {
  const UniqueFd file(::open(own_file, O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return fail(cannot_protect(errno));
  if (is_unchangeable(file, status)) {
    ::prctl(PR_SET_NAME, "ferry");  // a program that was started by its descriptor is called by that number
    return {};
  }
  UniqueFd program = read_only_view();
  if (!program.valid()) program = sealed_copy(file, status.st_size);
  if (program.valid()) become(program);
  return fail(cannot_protect(errno));
}

}  // namespace ferry::sys
