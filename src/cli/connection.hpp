// What every command that calls AWS needs: the common flags, and a client made from them and the environment.
#pragma once

#include "aws/client.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "cli/arguments.hpp"
#include "net/loop.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::cli {

// The variable's value, or nothing where it is not set.
std::optional<std::string> environment_variable(std::string_view name);

// --cluster, else FERRY_CLUSTER, else "default".
std::string cluster_or_default(const std::string& flag);

// --region, --profile and --endpoint-url.
void describe_connection_flags(Arguments& arguments, aws::Flags& flags);

Result<std::unique_ptr<aws::Client>> connect(net::Loop& loop, const aws::Flags& flags);

}  // namespace ferry::cli
