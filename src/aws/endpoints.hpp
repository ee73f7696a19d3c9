// Which URL each service's calls go to. Pure.
#pragma once

#include "aws/profile.hpp"
#include "aws/settings.hpp"

#include <string>
#include <string_view>

namespace ferry::aws {

// The public endpoint of a region, by the DNS suffix of its partition. IAM has one endpoint a partition.
std::string public_endpoint(Service service, std::string_view region);

// The region that a call's signature names: IAM's is its partition's, whatever the caller's.
std::string signing_region(Service service, std::string_view region);

// --endpoint-url, AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's [services] section, the
// profile's endpoint_url, the public endpoint. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves out all but
// the first and the last. The text as given: the caller checks that it is a URL.
std::string find_endpoint(Service service, const Flags& flags, const Environment& environment,
                          const Profile& profile, std::string_view region);

}  // namespace ferry::aws
