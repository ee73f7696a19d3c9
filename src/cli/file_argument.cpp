#include "cli/file_argument.hpp"

#include "cli/connection.hpp"

#include <cstddef>
#include <fstream>
#include <optional>

#include <fmt/format.h>

namespace ferry::cli {

Result<std::string> argument_or_file(std::string_view argument) {
  constexpr std::string_view kScheme = "file://";
  if (!argument.starts_with(kScheme)) return std::string(argument);
  std::string path(argument.substr(kScheme.size()));
  const std::optional<std::string> home = environment_variable("HOME");
  if (path.starts_with("~/") && home) path.replace(0, 1, *home);

  std::ifstream file(path, std::ios::binary);
  constexpr std::size_t kLargest = std::size_t{1} << 20U;
  std::string content(kLargest + 1, '\0');
  if (file) file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad() || (!file.eof() && file.fail()) || !file.is_open())
    return fail(FailureCode::usage, fmt::format("cannot read {}", argument),
                "write file://PATH for a relative and file:///PATH for an absolute path");
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > kLargest)
    return fail(FailureCode::usage, fmt::format("{} is larger than 1 MiB", argument));
  return content;
}

}  // namespace ferry::cli
