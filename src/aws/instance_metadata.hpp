// What an EC2 instance's metadata say, version 2 only: a session token first, then the rest with it. Never
// through a proxy. Bounded by the source's time-out and attempts, for the token and each value.
#pragma once

#include "aws/credential_source.hpp"
#include "aws/observer.hpp"
#include "aws/profile.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"

#include <optional>
#include <string>

namespace ferry::aws {

// Where it is and how it may be asked, by AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_METADATA_SERVICE_TIMEOUT and
// the like; nothing where AWS_EC2_METADATA_DISABLED is true. Pure.
std::optional<InstanceMetadataSource> find_instance_metadata(const Profile& profile,
                                                             const Environment& environment);

// The region that the instance runs in.
net::Task<Result<std::string>> region_of_instance(net::Loop& loop, Observer& observer,
                                                  const InstanceMetadataSource& instance);

// Of the instance's role. Those that end within fifteen minutes or have ended are taken for that time all the
// same, as botocore does: the service that renews them may be in trouble, and AWS may take them longer.
net::Task<Result<Credentials>> fetch_from_instance(net::Loop& loop, Observer& observer,
                                                   const InstanceMetadataSource& instance);

}  // namespace ferry::aws
