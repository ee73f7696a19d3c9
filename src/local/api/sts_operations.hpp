// STS GetCallerIdentity: everybody who has the key is the one user of the one account.
#pragma once

#include "local/api/operation.hpp"

namespace ferry::local {

Operations sts_operations();

}  // namespace ferry::local
