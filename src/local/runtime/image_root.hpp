// The root file system of a container as it lies on the host: the host's own, or the folder of an image
// "rootfs:/path". Answers what is in it before it is entered. Owns one descriptor of the folder.
// Not thread-safe.
#pragma once

#include "base/result.hpp"
#include "sys/unique_fd.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ferry::local {

class ImageRoot {
 public:
  // Any image name but "rootfs:..." means the host's root. Failure not_found, as a container's reason.
  static Result<ImageRoot> open(const std::string& image);

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] int descriptor() const { return root_.get(); }
  [[nodiscard]] bool is_host() const { return folder_ == "/"; }

  // Whether there is such a folder, links followed inside the root.
  [[nodiscard]] bool has_folder(const std::string& path) const;

  // Whether `name` can be executed, looked for as a container's command is. `hidden` are folders of the host
  // that the container does not see. Failure not_found or denied.
  [[nodiscard]] Result<> check_program(const std::string& name, std::string_view search_path,
                                       const std::string& working_directory,
                                       std::span<const std::string> hidden) const;

 private:
  ImageRoot(std::string folder, sys::UniqueFd root) : folder_(std::move(folder)), root_(std::move(root)) {}

  // The file or folder, opened as a mere path; an invalid descriptor and errno if there is none.
  [[nodiscard]] sys::UniqueFd find(const std::string& path) const;

  std::string folder_;
  sys::UniqueFd root_;
};

// Whether `path` is `folder` or below it; both absolute and plain.
bool is_within(std::string_view path, std::string_view folder);

}  // namespace ferry::local
