// A flag's value that is one of RunTask's structures, as the AWS CLI takes it: JSON or shorthand. Pure but
// for the reader of files.
#pragma once

#include "base/result.hpp"
#include "feature/run/shorthand.hpp"

#include <span>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace ferry::feature {

// `member` is one of run_task_members(), a structure or a list of them; a list may come in several words. A
// first character '{' or '[' makes it JSON. Failures (usage) begin with `flag`.
Result<boost::json::value> parse_structure(std::string_view flag, std::string_view member,
                                           std::span<const std::string> words,
                                           const ReadFile& read_file = {});

}  // namespace ferry::feature
