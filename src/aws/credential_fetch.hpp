// Fetches credentials from where they come: programs, STS, IAM Identity Center, container and (by way of
// instance_metadata.hpp) instance metadata. Owns connections and processes for the time of one call. Bounded:
// 60 s for a program or an answer. The loop's thread only.
#pragma once

#include "aws/credential_source.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"

namespace ferry::aws {

// `settings` say where STS is, whom to ask for an MFA code and whom to tell. Failures name the source and
// what to do.
net::Task<Result<Credentials>> fetch_credentials(net::Loop& loop, const net::Network& network,
                                                 const Settings& settings, const CredentialSource& source,
                                                 Freshness freshness);

// One source each, as fetch_credentials() takes them apart.
net::Task<Result<Credentials>> fetch_from_process(net::Loop& loop, const ProcessSource& process);
net::Task<Result<Credentials>> fetch_from_identity_center(net::Loop& loop, const net::Network& network,
                                                          const Settings& settings,
                                                          const IdentityCenterSource& center);
net::Task<Result<Credentials>> fetch_from_container(net::Loop& loop, const Settings& settings,
                                                    const ContainerSource& container);

}  // namespace ferry::aws
