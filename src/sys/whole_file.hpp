// Files that a reader finds whole: the old content or the new, never a part.
#pragma once

#include "base/result.hpp"
#include "sys/unique_fd.hpp"

#include <string>
#include <string_view>

namespace ferry::sys {

// A file that is written piece by piece into a draft in its folder, and takes its name at the end; mode 0644
// as far as the umask allows. A symbolic link of that name is replaced, not followed. Owns the draft: it is
// gone with this object unless finish() succeeded. One at a time for each path.
class WholeFile {
 public:
  static Result<WholeFile> begin(std::string path);
  ~WholeFile();
  WholeFile(WholeFile&& other) noexcept;
  WholeFile& operator=(WholeFile&&) = delete;

  Result<> add(std::string_view content);
  // Replaces or makes the file, once it is on its disk.
  Result<> finish();

 private:
  WholeFile(std::string path, std::string draft, UniqueFd file);

  std::string path_, draft_;
  UniqueFd file_;
};

// The same in one.
Result<> write_whole_file(const std::string& path, std::string_view content);

// Whether write_whole_file() could begin now: for a command that must not learn it only after its work.
Result<> can_write_whole_file(const std::string& path);

}  // namespace ferry::sys
