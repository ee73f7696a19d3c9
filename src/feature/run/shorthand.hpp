// The AWS CLI's shorthand syntax for structures, `a={b=[c,d],e=f},g=h`, as JSON. Pure, thread-safe.
#pragma once

#include "base/result.hpp"

#include <functional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::feature {

// What a value after `@=` stands for: the content of the file, where it is file://PATH, else the value.
using ReadFile = std::function<Result<std::string>(std::string_view value)>;

// Values are strings ('...' and "..." quoted where they hold separators, backslash escapes inside), lists
// `[x,y]` or `x,y` (the latter outside braces only), and structures `{k=v,...}`; `k@=file://PATH` reads a
// file. What is taken and what it means is as in the AWS CLI's own parser, blanks, trailing commas in
// brackets and commas escaped by a backslash included.
// Fails (usage, with the position) on anything else, on a key given twice outside braces, above 64 KiB, below
// 16 levels, and on `@=` without a reader.
Result<boost::json::object> parse_shorthand(std::string_view text, const ReadFile& read_file = {});

}  // namespace ferry::feature
