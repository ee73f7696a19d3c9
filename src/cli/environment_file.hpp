// Variables as `-e` and `--env-file` write them: NAME=VALUE, or NAME alone for the value that it has here.
// Pure.
#pragma once

#include "aws/settings.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::cli {

// Failure `usage` where there is no name, or no such variable here.
Result<std::pair<std::string, std::string>> parse_variable(const std::string& text,
                                                           const aws::Environment& environment);

// A variable a line, as `docker run --env-file` takes it: blanks before a line, empty lines and those that
// begin with # are skipped, and values are as they stand, quotes included. A NAME alone that is not set here
// is a failure, not left out. Failures name the line.
Result<std::vector<std::pair<std::string, std::string>>> parse_environment_file(
    std::string_view text, const aws::Environment& environment);

}  // namespace ferry::cli
