#include "aws/endpoints.hpp"

#include "base/text.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

using namespace std::string_literals;

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

// As botocore's endpoint rules have them.
struct Partition {
  std::string_view region_prefix, suffix;
  std::string_view dual_stack_suffix;  // empty: it has no dual-stack endpoints
  std::string_view iam_host, iam_region;
  std::string_view iam_label;  // in the names of IAM's other variants
};

constexpr Partition kCommercial{"",          "amazonaws.com", "api.aws", "iam.amazonaws.com",
                                "us-east-1", "aws-global"};
constexpr std::array kOthers{
    Partition{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "iam.cn-north-1.amazonaws.com.cn",
              "cn-north-1", "aws-cn-global"},
    Partition{"us-gov-", "amazonaws.com", "api.aws", "iam.us-gov.amazonaws.com", "us-gov-west-1",
              "aws-us-gov-global"},
    Partition{"us-iso-", "c2s.ic.gov", "api.aws", "iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1",
              "aws-iso-global"},
    Partition{"us-isob-", "sc2s.sgov.gov", "api.aws", "iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1",
              "aws-iso-b-global"},
    Partition{"us-isof-", "csp.hci.ic.gov", "", "iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1",
              "aws-iso-f-global"},
    Partition{"eu-isoe-", "cloud.adc-e.uk", "", "iam.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1",
              "eu-isoe-west-1"},
    Partition{"eusc-", "amazonaws.eu", "api.amazonwebservices.eu", "iam.eusc-de-east-1.amazonaws.eu",
              "eusc-de-east-1", "eusc-de-east-1"}};

const Partition& partition_of(std::string_view region) {
  const auto found = std::ranges::find_if(
      kOthers, [region](const Partition& one) { return region.starts_with(one.region_prefix); });
  return found == kOthers.end() ? kCommercial : *found;
}

// Whether its usual endpoints in us-gov are FIPS ones already.
bool is_fips_by_itself(Service service) {
  return service == Service::ec2 || service == Service::logs || service == Service::ssm ||
         service == Service::sts;
}

std::string iam_host(const Partition& partition, EndpointVariant variant) {
  const bool is_commercial = partition.region_prefix.empty();
  // IAM's dual-stack endpoint is the commercial one in these, too.
  const bool is_shared =
      is_commercial || partition.region_prefix == "us-iso-" || partition.region_prefix == "us-isob-";
  if (variant.dual_stack && is_shared)
    return variant.fips ? "iam-fips.aws-global.api.aws" : "iam.global.api.aws";
  if (variant.dual_stack)
    return fmt::format("iam{}.{}.{}", variant.fips ? "-fips" : "", partition.iam_label,
                       partition.dual_stack_suffix);
  if (!variant.fips || partition.region_prefix == "us-gov-") return std::string(partition.iam_host);
  if (is_commercial) return "iam-fips.amazonaws.com";
  return fmt::format("iam-fips.{}.{}", partition.iam_label, partition.suffix);
}

bool is_ignored(const Environment& environment, const Profile& profile) {
  const Setting ignored = find_setting(environment, profile, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                       "ignore_configured_endpoint_urls");
  return equals_ignoring_case(ignored.value, "true");
}

std::string variable_of(std::string_view id) {
  return fmt::format("AWS_ENDPOINT_URL_{}", upper(id));
}

Setting endpoint_in_services(std::string_view id, const Profile& profile) {
  std::string url = config_value(nested_options(config_value(profile.services, id)), "endpoint_url");
  if (url.empty()) return {};
  return {.value = std::move(url), .origin = fmt::format("the services of profile {}", profile.name)};
}

}  // namespace

Setting configured_endpoint(std::string_view id, const Environment& environment, const Profile& profile) {
  if (is_ignored(environment, profile)) return {};
  for (const std::string& variable : {variable_of(id), "AWS_ENDPOINT_URL"s}) {
    std::string url = environment_value(environment, variable);
    if (!url.empty()) return {.value = std::move(url), .origin = variable};
  }
  Setting of_service = endpoint_in_services(id, profile);
  if (!of_service.value.empty()) return of_service;
  std::string url = profile.value("endpoint_url");
  if (url.empty()) return {};
  return {.value = std::move(url), .origin = fmt::format("profile {}", profile.name)};
}

Result<Setting> find_channel_endpoint(const Environment& environment, const Profile& profile) {
  constexpr std::string_view kId = "ssmmessages";
  if (is_ignored(environment, profile)) return Setting{};
  const std::string variable = variable_of(kId);
  Setting found{.value = environment_value(environment, variable), .origin = variable};
  if (found.value.empty()) found = endpoint_in_services(kId, profile);
  if (found.value.empty()) return Setting{};
  const Result<net::Url> url = net::parse_url(found.value);
  const std::string_view hint =
      "write it like https://vpce-0123-abcd.ssmmessages.eu-west-1.vpce.amazonaws.com";
  if (!url) {
    return fail(FailureCode::usage,
                fmt::format("the endpoint of {}, of {}: {}", kId, found.origin, url.error().what),
                std::string(hint));
  }
  if (url->target != "/") {
    return fail(FailureCode::usage,
                fmt::format("the endpoint of {} is '{}', of {}, with a path, which sessions bring along", kId,
                            found.value, found.origin),
                std::string(hint));
  }
  return found;
}

std::string_view dns_suffix(std::string_view region) {
  return partition_of(region).suffix;
}

std::string public_endpoint(Service service, std::string_view region, EndpointVariant variant) {
  const Partition& partition = partition_of(region);
  if (service == Service::iam) return fmt::format("https://{}", iam_host(partition, variant));
  const bool has_fips_name =
      !(partition.region_prefix == "us-gov-" && !variant.dual_stack && is_fips_by_itself(service));
  return fmt::format("https://{}{}.{}.{}", service_name(service),
                     variant.fips && has_fips_name ? "-fips" : "", region,
                     variant.dual_stack ? partition.dual_stack_suffix : partition.suffix);
}

std::string signing_region(Service service, std::string_view region) {
  return std::string(service == Service::iam ? partition_of(region).iam_region : region);
}

EndpointVariant find_variant(const Environment& environment, const Profile& profile) {
  const auto is_set = [&](std::string_view variable, std::string_view option) {
    return equals_ignoring_case(find_setting(environment, profile, variable, option).value, "true");
  };
  return {.fips = is_set("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
          .dual_stack = is_set("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")};
}

Result<Setting> find_endpoint(Service service, const Flags& flags, const Environment& environment,
                              const Profile& profile, std::string_view region, EndpointVariant variant) {
  Setting named{.value = flags.endpoint_url, .origin = "--endpoint-url"};
  if (named.value.empty()) named = configured_endpoint(configuration_id(service), environment, profile);
  const std::string_view wanted = variant.fips ? "FIPS" : "dual-stack";
  if (!named.value.empty() && (variant.fips || variant.dual_stack)) {
    return fail(FailureCode::usage,
                fmt::format("the endpoint of {} is {}, and a {} endpoint is asked for too",
                            service_name(service), named.value, wanted),
                "leave one out: AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT are for AWS's own");
  }
  if (!named.value.empty()) return named;
  if (variant.dual_stack && partition_of(region).dual_stack_suffix.empty()) {
    return fail(FailureCode::usage, fmt::format("region {} has no dual-stack endpoints", region),
                "leave AWS_USE_DUALSTACK_ENDPOINT out");
  }
  return Setting{.value = public_endpoint(service, region, variant), .origin = "the region"};
}

}  // namespace ferry::aws
