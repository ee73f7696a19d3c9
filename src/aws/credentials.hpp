// Who signs: which source of credentials counts. Reads profiles; calls nobody. Failures never quote a key or
// a token.
#pragma once

#include "aws/credential_source.hpp"
#include "aws/observer.hpp"
#include "aws/profile.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"

namespace ferry::aws {

// botocore's order: the environment's keys, unless --profile asks for a profile by name; the profile's role,
// web identity, IAM Identity Center, keys, program; the container's; the instance's. Failures: usage for half
// a pair of keys, a key with blanks, a role without a source, sources in a circle; not_found, naming each
// source, where there is none.
// The observer hears of each source that is looked at.
Result<CredentialSource> find_credentials(const Profile& profile, const Environment& environment,
                                          Observer& observer);

}  // namespace ferry::aws
