#include "cli/result_output.hpp"

#include "sys/whole_file.hpp"

#include <cerrno>
#include <cstdio>

namespace ferry::cli {

Result<> check_result_path(const std::string& path) {
  if (path.empty()) return {};
  const Result<> writable = sys::can_write_whole_file(path);
  if (!writable) return fail(writable.error().in("--result-file"));
  return {};
}

Result<> show_result(std::string_view json, bool on_stdout, const std::string& path) {
  const std::string line = std::string(json) + '\n';
  if (on_stdout) {
    errno = 0;
    const std::size_t count = std::fwrite(line.data(), 1, line.size(), stdout);
    if (count != line.size() || std::fflush(stdout) != 0) {
      return fail(system_failure("standard output: cannot write", errno == 0 ? EIO : errno));
    }
  }
  if (!path.empty()) {
    const Result<> written = sys::write_whole_file(path, line);
    if (!written) return fail(written.error().in("--result-file"));
  }
  return {};
}

}  // namespace ferry::cli
