// STS: GetCallerIdentity (everybody who has a key is the one user of the one account), and GetSessionToken
// and AssumeRole, which give out temporary keys (local/keys/temporary_keys.hpp). Any role may be assumed.
#pragma once

#include "local/api/operation.hpp"

#include <string_view>

namespace ferry::local {

Operations sts_operations(std::string_view endpoint_secret);

}  // namespace ferry::local
