// Arguments that may name a file, as in the AWS CLI: `file://PATH` stands for the file's content.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ferry::cli {

// `argument` itself, or the content of the file that it names; PATH may be relative, `~/` is the home folder.
// Fails (usage) where the file cannot be read or is larger than 1 MiB.
Result<std::string> argument_or_file(std::string_view argument);

}  // namespace ferry::cli
