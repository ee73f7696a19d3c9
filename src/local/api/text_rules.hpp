// What the texts of a task may not hold, since the kernel would cut them off or read them as something else.
// Each answers with the sentence that says what is wrong, or nothing. Pure.
#pragma once

#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace ferry::local {

// A NUL anywhere in the input, in a name or a value of any depth; the sentence names the member.
std::optional<std::string> nul_within(const boost::json::object& input);

// In the "environment" of a container's definition or override: variables without a name, or with "=" in it.
std::optional<std::string> wrong_variable(const boost::json::object& container);

}  // namespace ferry::local
