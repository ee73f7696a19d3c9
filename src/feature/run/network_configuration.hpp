// --network-configuration: what RunTask takes as networkConfiguration. Pure, thread-safe.
#pragma once

#include "base/result.hpp"
#include "feature/run/shorthand.hpp"

#include <string>

#include <boost/json/object.hpp>

namespace ferry::feature {

// `text` is JSON (first character '{') or the AWS CLI's shorthand
// `awsvpcConfiguration={subnets=[a,b],securityGroups=[c],assignPublicIp=ENABLED}`. A single name where a list
// belongs is a list of one, as in the AWS CLI. Fails (usage) on members that RunTask does not have there, on
// missing subnets, and on an assignPublicIp other than ENABLED and DISABLED.
Result<boost::json::object> parse_network_configuration(const std::string& text,
                                                        const ReadFile& read_file = {});

}  // namespace ferry::feature
