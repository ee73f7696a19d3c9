// A small file of one process's own, which others may take over once that process has ended, however it
// ended: its life is proved by the lock that it holds on the file. Owns the descriptor and with it the lock,
// which the system releases at the end of the process too.
#pragma once

#include "base/result.hpp"
#include "sys/unique_fd.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::sys {

class LockedFile {
 public:
  // FOLDER/NAME with this content, mode 0600, locked from the moment it has its name. The folder is made
  // where it is missing (0700). When this returns, file and name are on disk. Failure: local_system.
  static Result<LockedFile> create(const std::string& folder, const std::string& name,
                                   std::string_view content);
  // A file that create() made: nothing where another process holds its lock or has removed it.
  static Result<std::optional<LockedFile>> take(const std::string& path);

  // The whole content; at most 1 MiB.
  [[nodiscard]] Result<std::string> read() const;
  // On disk when it returns.
  Result<> append(std::string_view content);
  // Removes the file; the lock goes with the object.
  Result<> remove();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LockedFile(UniqueFd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  UniqueFd file_;
  std::string path_;
};

}  // namespace ferry::sys
