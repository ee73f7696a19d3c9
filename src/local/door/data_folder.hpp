// The folder in which one endpoint keeps its state between runs: its database and its key.
// Owns the lock that keeps a second endpoint out; the files stay.
#pragma once

#include "base/result.hpp"
#include "local/door/guard.hpp"
#include "sys/unique_fd.hpp"

#include <string>

namespace ferry::local {

// A fresh, unguessable key pair in the form of AWS's.
AccessKey new_access_key();

class DataFolder {
 public:
  // Makes it (mode 0700) where it is not there, and locks it. Failure refused: another endpoint uses it.
  static Result<DataFolder> open(const std::string& path);

  [[nodiscard]] std::string database_path() const;
  // The key that was made at the first start; its file has mode 0600.
  [[nodiscard]] Result<AccessKey> load_or_make_key() const;
  // Absolute.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  DataFolder(std::string path, sys::UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  sys::UniqueFd lock_;
};

}  // namespace ferry::local
