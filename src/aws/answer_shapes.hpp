// The members of answers that ferry reads, and the type of each in the services' models: an answer in which
// one is of another type is an error and no answer without it. What ferry does not read is let be. Pure,
// thread-safe.
#pragma once

#include "aws/settings.hpp"
#include "base/result.hpp"

#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::aws {

// A member that is absent or null is fine. Fails (protocol) on the first that is of another type or out of
// its type's range, and names it: "ecs ListTasks: the answer has no usable taskArns (a number in place of a
// list)".
Result<> check_answer(Service service, std::string_view operation, const boost::json::object& answer);

}  // namespace ferry::aws
