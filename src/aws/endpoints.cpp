#include "aws/endpoints.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

// The service's id in variables and files ("CloudWatch Logs" in the service's model), in lower case.
std::string_view configuration_id(Service service) {
  return service == Service::logs ? "cloudwatch_logs" : service_name(service);
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

std::string configured_endpoint(Service service, const Environment& environment, const Profile& profile) {
  std::string ignored = environment_value(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignored.empty()) ignored = profile.value("ignore_configured_endpoint_urls");
  if (equals_ignoring_case(ignored, "true")) return {};

  const std::string_view id = configuration_id(service);
  std::string url = environment_value(environment, fmt::format("AWS_ENDPOINT_URL_{}", upper(id)));
  if (url.empty()) url = environment_value(environment, "AWS_ENDPOINT_URL");
  if (url.empty()) url = config_value(nested_options(config_value(profile.services, id)), "endpoint_url");
  if (url.empty()) url = profile.value("endpoint_url");
  return url;
}

struct Partition {
  std::string_view region_prefix, suffix;
  std::string_view iam_host, iam_region;  // as botocore's endpoint rules have them
};

constexpr Partition kCommercial{"", "amazonaws.com", "iam.amazonaws.com", "us-east-1"};
constexpr std::array kOthers{
    Partition{"cn-", "amazonaws.com.cn", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
    Partition{"us-gov-", "amazonaws.com", "iam.us-gov.amazonaws.com", "us-gov-west-1"},
    Partition{"us-iso-", "c2s.ic.gov", "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"},
    Partition{"us-isob-", "sc2s.sgov.gov", "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"},
    Partition{"us-isof-", "csp.hci.ic.gov", "iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"},
    Partition{"eu-isoe-", "cloud.adc-e.uk", "iam.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"},
    Partition{"eusc-", "amazonaws.eu", "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"}};

const Partition& partition_of(std::string_view region) {
  const auto found = std::ranges::find_if(
      kOthers, [region](const Partition& one) { return region.starts_with(one.region_prefix); });
  return found == kOthers.end() ? kCommercial : *found;
}

}  // namespace

std::string public_endpoint(Service service, std::string_view region) {
  const Partition& partition = partition_of(region);
  if (service == Service::iam) return fmt::format("https://{}", partition.iam_host);
  return fmt::format("https://{}.{}.{}", service_name(service), region, partition.suffix);
}

std::string signing_region(Service service, std::string_view region) {
  return std::string(service == Service::iam ? partition_of(region).iam_region : region);
}

std::string find_endpoint(Service service, const Flags& flags, const Environment& environment,
                          const Profile& profile, std::string_view region) {
  if (!flags.endpoint_url.empty()) return flags.endpoint_url;
  const std::string configured = configured_endpoint(service, environment, profile);
  return configured.empty() ? public_endpoint(service, region) : configured;
}

}  // namespace ferry::aws
