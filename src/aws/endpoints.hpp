// Which URL each service's calls go to. Pure.
#pragma once

#include "aws/profile.hpp"
#include "aws/settings.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ferry::aws {

struct EndpointVariant {
  bool fips = false;
  bool dual_stack = false;  // IPv6 too
};

// AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, else the profile's options of those names.
EndpointVariant find_variant(const Environment& environment, const Profile& profile);

// The public endpoint of a region, by the partition that the region's name tells. IAM has one endpoint a
// partition.
std::string public_endpoint(Service service, std::string_view region, EndpointVariant variant = {});

// "amazonaws.com", or that of the region's partition.
std::string_view dns_suffix(std::string_view region);

// What variables and files say for a service by its id there ("ecs", "cloudwatch_logs", "sso_oidc"); empty
// where they say nothing.
Setting configured_endpoint(std::string_view id, const Environment& environment, const Profile& profile);

// Where session websockets are dialled instead of the host in their address, a VPC endpoint's name for one:
// AWS_ENDPOINT_URL_SSMMESSAGES, else `ssmmessages` in the profile's [services] section; what is said for all
// services does not count, since addresses of sessions are whole already. Empty where nothing is said.
// Failures (usage): no http, https, ws or wss URL of a host alone.
Result<Setting> find_channel_endpoint(const Environment& environment, const Profile& profile);

// The region that a call's signature names: IAM's is its partition's, whatever the caller's.
std::string signing_region(Service service, std::string_view region);

// --endpoint-url, AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's [services] section, the
// profile's endpoint_url, the public endpoint. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves out all but
// the first and the last. The text as given: the caller checks that it is a URL.
// Failures (usage): a variant that the partition has not, or one beside an endpoint that is named.
Result<Setting> find_endpoint(Service service, const Flags& flags, const Environment& environment,
                              const Profile& profile, std::string_view region, EndpointVariant variant);

}  // namespace ferry::aws
