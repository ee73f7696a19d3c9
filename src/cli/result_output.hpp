// Where a command's result goes besides the exit status: -o json and --result-file.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ferry::cli {

// Before the command runs: whether --result-file can be written; true of an empty path.
Result<> check_result_path(const std::string& path);

// `json` is one object on one line, without its line end. Prints it where `on_stdout`, and writes it to the
// file `path` where that is not empty. A failure is one of writing.
Result<> show_result(std::string_view json, bool on_stdout, const std::string& path);

}  // namespace ferry::cli
