// Fetches credentials from where they come: programs, STS, IAM Identity Center, container and instance
// metadata. Owns connections and processes for the time of one call. Bounded: 60 s for a program or an
// answer. The loop's thread only.
#pragma once

#include "aws/credential_source.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"

namespace ferry::aws {

// `settings` say where STS is and whom to ask for an MFA code. Failures name the source and what to do.
net::Task<Result<Credentials>> fetch_credentials(net::Loop& loop, const net::Network& network,
                                                 const Settings& settings, const CredentialSource& source);

// One source each, as fetch_credentials() takes them apart.
net::Task<Result<Credentials>> fetch_from_process(net::Loop& loop, const ProcessSource& process);
net::Task<Result<Credentials>> fetch_from_identity_center(net::Loop& loop, const net::Network& network,
                                                          const IdentityCenterSource& center);
net::Task<Result<Credentials>> fetch_from_container(net::Loop& loop, const net::Network& network,
                                                    const ContainerSource& container);
net::Task<Result<Credentials>> fetch_from_instance(net::Loop& loop, const InstanceMetadataSource& instance);

}  // namespace ferry::aws
