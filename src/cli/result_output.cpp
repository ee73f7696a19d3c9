#include "cli/result_output.hpp"

#include "base/printable.hpp"

#include <cerrno>
#include <cstdio>

namespace ferry::cli {
namespace {

Result<> write(std::string_view text) {
  errno = 0;
  const std::size_t count = std::fwrite(text.data(), 1, text.size(), stdout);
  if (count == text.size() && std::fflush(stdout) == 0) return {};
  return fail(system_failure("standard output: cannot write", errno == 0 ? EIO : errno));
}

}  // namespace

Result<> check_result_path(const std::string& path) {
  if (path.empty()) return {};
  const Result<> writable = sys::can_write_whole_file(path);
  if (!writable) return fail(writable.error().in("--result-file"));
  return {};
}

Result<> print_text(std::string_view lines) {
  return write(printable_lines(lines));
}

Result<> print_coloured(std::string_view lines) {
  return write(lines);
}

Result<> print_json(std::string_view lines) {
  return write(printable_json(lines));
}

Result<> show_result(std::string_view json, bool on_stdout, const std::string& path) {
  const std::string line = printable_json(json) + '\n';
  if (on_stdout) {
    const Result<> printed = write(line);
    if (!printed) return fail(printed.error());
  }
  if (!path.empty()) {
    const Result<> written = sys::write_whole_file(path, line);
    if (!written) return fail(written.error().in("--result-file"));
  }
  return {};
}

void ResultFile::add(std::string_view json) {
  if (path_.empty() || !written_) return;
  if (!file_) {
    Result<sys::WholeFile> begun = sys::WholeFile::begin(path_);
    if (!begun) {
      written_ = fail(begun.error());
      return;
    }
    file_.emplace(std::move(*begun));
  }
  written_ = file_->add(printable_json(json) + '\n');
}

Result<> ResultFile::finish() {
  if (written_ && file_) written_ = file_->finish();
  file_.reset();
  if (!written_) return fail(written_.error().in("--result-file"));
  return {};
}

}  // namespace ferry::cli
