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

}  // namespace

std::string public_endpoint(Service service, std::string_view region) {
  struct Partition {
    std::string_view region_prefix, suffix;
  };
  constexpr std::array kPartitions{
      Partition{"cn-", "amazonaws.com.cn"},    Partition{"us-iso-", "c2s.ic.gov"},
      Partition{"us-isob-", "sc2s.sgov.gov"},  Partition{"us-isof-", "csp.hci.ic.gov"},
      Partition{"eu-isoe-", "cloud.adc-e.uk"}, Partition{"eusc-", "amazonaws.eu"}};
  const auto partition = std::ranges::find_if(
      kPartitions, [region](const Partition& one) { return region.starts_with(one.region_prefix); });
  return fmt::format("https://{}.{}.{}", service_name(service), region,
                     partition == kPartitions.end() ? "amazonaws.com" : partition->suffix);
}

std::string find_endpoint(Service service, const Flags& flags, const Environment& environment,
                          const Profile& profile, std::string_view region) {
  if (!flags.endpoint_url.empty()) return flags.endpoint_url;
  const std::string configured = configured_endpoint(service, environment, profile);
  return configured.empty() ? public_endpoint(service, region) : configured;
}

}  // namespace ferry::aws
