// Who signs: static keys from the environment or from a profile.
// Pure; failures never quote a key or a token.
#pragma once

#include "aws/profile.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"

namespace ferry::aws {

// botocore's order: the environment's keys, unless --profile asks for a profile by name, then the profile's.
// Failures: usage for half a pair of keys, a key with blanks, or a kind of credentials that ferry does not
// fetch (roles, IAM Identity Center, credential processes); not_found, naming each source, where there are
// none.
Result<Credentials> find_credentials(const Profile& profile, const Environment& environment);

}  // namespace ferry::aws
