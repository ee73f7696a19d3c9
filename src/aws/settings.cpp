#include "aws/settings.hpp"

#include "aws/credentials.hpp"
#include "aws/endpoints.hpp"
#include "aws/profile.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

// As in enum Service.
constexpr std::array<std::string_view, kServices.size()> kServiceNames{"ecs", "logs", "ssm", "sts",
                                                                       "kms", "iam",  "ec2"};

Result<std::string> find_region(const Flags& flags, const Environment& environment, const Profile& profile) {
  std::string region = flags.region;
  if (region.empty()) region = environment_value(environment, "AWS_REGION");
  if (region.empty()) region = environment_value(environment, "AWS_DEFAULT_REGION");
  if (region.empty()) region = profile.value("region");
  if (region.empty()) {
    return fail(
        FailureCode::not_found,
        fmt::format("no AWS region found: neither --region nor AWS_REGION nor AWS_DEFAULT_REGION is set, "
                    "and profile '{}' in {} has no region",
                    profile.name, profile.config_path),
        "pass --region, for instance --region us-east-1");
  }
  if (!is_region(region)) {
    return fail(FailureCode::usage, fmt::format("'{}' is no AWS region", region), "write it like us-east-1");
  }
  return region;
}

}  // namespace

bool is_region(std::string_view text) {
  const auto is_label_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, is_label_character) &&
         !text.starts_with('-') && !text.ends_with('-');
}

std::string_view service_name(Service service) {
  return kServiceNames[static_cast<std::size_t>(service)];
}

std::optional<Service> service_by_name(std::string_view name) {
  const auto found = std::ranges::find(kServiceNames, name);
  if (found == kServiceNames.end()) return std::nullopt;
  return static_cast<Service>(found - kServiceNames.begin());
}

Result<Settings> resolve_settings(const Flags& flags, const Environment& environment) {
  const Result<Profile> profile = load_profile(flags, environment);
  if (!profile) return fail(profile.error());
  Result<std::string> region = find_region(flags, environment, *profile);
  if (!region) return fail(region.error());
  Result<Credentials> credentials = find_credentials(*profile, environment);
  if (!credentials) return fail(credentials.error());

  Settings settings;
  settings.credentials = std::move(*credentials);
  settings.region = std::move(*region);
  settings.ca_bundle = environment_value(environment, "AWS_CA_BUNDLE");
  if (settings.ca_bundle.empty()) settings.ca_bundle = profile->value("ca_bundle");
  std::array<std::string, kServiceNames.size()> endpoints;
  for (const Service service : kServices) {
    endpoints[static_cast<std::size_t>(service)] =
        find_endpoint(service, flags, environment, *profile, settings.region);
  }
  settings.endpoint = [endpoints = std::move(endpoints)](Service service) {
    return endpoints[static_cast<std::size_t>(service)];
  };
  return settings;
}

}  // namespace ferry::aws
