#include "aws/settings.hpp"

#include "aws/credentials.hpp"
#include "aws/endpoints.hpp"
#include "aws/instance_metadata.hpp"
#include "aws/profile.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

// As in enum Service.
constexpr std::array<std::string_view, kServices.size()> kServiceNames{"ecs", "logs", "ssm", "sts",
                                                                       "kms", "iam",  "ec2"};

Setting configured_region(const Flags& flags, const Environment& environment, const Profile& profile) {
  if (!flags.region.empty()) return {.value = flags.region, .origin = "--region"};
  if (std::string region = environment_value(environment, "AWS_REGION"); !region.empty())
    return {.value = std::move(region), .origin = "AWS_REGION"};
  return find_setting(environment, profile, "AWS_DEFAULT_REGION", "region");
}

// Where nothing else names it. Elsewhere than on an instance that takes the metadata's time-out.
Result<Setting> region_by_metadata(const Environment& environment, const Profile& profile,
                                   const Surroundings& surroundings) {
  const auto instance = find_instance_metadata(profile, environment);
  std::string why = "AWS_EC2_METADATA_DISABLED is true";
  if (instance && surroundings.region_of_instance) {
    Result<std::string> region = surroundings.region_of_instance(*instance);
    if (region) return Setting{.value = std::move(*region), .origin = "the instance's metadata"};
    why = fmt::format("there is no instance metadata ({})", region.error().what);
  } else if (instance) {
    why = "the instance's metadata is not asked here";
  }
  return fail(
      FailureCode::not_found,
      fmt::format("no AWS region found: neither --region nor AWS_REGION nor AWS_DEFAULT_REGION is set, "
                  "profile '{}' in {} has no region, and {}",
                  profile.name, profile.config_path, why),
      "pass --region, for instance --region us-east-1");
}

Result<Setting> find_region(const Flags& flags, const Environment& environment, const Profile& profile,
                            const Surroundings& surroundings) {
  Result<Setting> region = configured_region(flags, environment, profile);
  if (region->value.empty()) region = region_by_metadata(environment, profile, surroundings);
  if (region && !is_region(region->value)) {
    return fail(FailureCode::usage,
                fmt::format("'{}' (from {}) is no AWS region", region->value, region->origin),
                "write it like us-east-1");
  }
  return region;
}

// AWS_RETRY_MODE and its like are checked and otherwise of no effect: ferry has one mode, the standard one.
Result<std::optional<int>> find_max_attempts(const Environment& environment, const Profile& profile) {
  const std::string mode = find_setting(environment, profile, "AWS_RETRY_MODE", "retry_mode").value;
  if (!mode.empty() && mode != "standard" && mode != "adaptive" && mode != "legacy")
    return fail(FailureCode::usage, fmt::format("the retry mode '{}' is none that is known", mode),
                "AWS_RETRY_MODE or retry_mode may be standard, adaptive or legacy");
  const std::string text = find_setting(environment, profile, "AWS_MAX_ATTEMPTS", "max_attempts").value;
  if (text.empty()) return std::optional<int>();
  constexpr int kMost = 100;
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number || *number < 1 || *number > kMost)
    return fail(FailureCode::usage, fmt::format("'{}' is no number of attempts", text),
                "AWS_MAX_ATTEMPTS or max_attempts may be 1 to 100");
  return std::optional<int>(static_cast<int>(*number));
}

Result<std::optional<double>> find_rate_share(const Flags& flags, const Environment& environment) {
  const std::string text =
      flags.max_rate.empty() ? environment_value(environment, "FERRY_MAX_RATE") : flags.max_rate;
  if (text.empty()) return std::optional<double>();
  std::string_view digits = text;
  if (digits.ends_with('%')) digits.remove_suffix(1);
  const std::optional<std::int64_t> percent = parse_integer(digits);
  if (!percent || *percent < 1 || *percent > 100)
    return fail(FailureCode::usage, fmt::format("'{}' is no share of AWS's rate limits", text),
                "--max-rate or FERRY_MAX_RATE may be 1% to 100%");
  return std::optional<double>(static_cast<double>(*percent) / 100);
}

// "fips-us-gov-west-1", "us-east-1-fips": how FIPS endpoints were asked for once.
bool take_fips_mark(std::string& region) {
  constexpr std::string_view kBefore = "fips-";
  constexpr std::string_view kBehind = "-fips";
  if (region.starts_with(kBefore)) {
    region.erase(0, kBefore.size());
  } else if (region.ends_with(kBehind)) {
    region.erase(region.size() - kBehind.size());
  } else {
    return false;
  }
  return true;
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

Result<Settings> resolve_settings(const Flags& flags, const Environment& environment,
                                  const Surroundings& surroundings) {
  Observer& observer = *surroundings.observer;
  const Result<Profile> profile = load_profile(flags, environment);
  if (!profile) return fail(profile.error());
  observer.setting("profile", profile->name,
                   profile->name_source.empty() ? "nothing else named" : profile->name_source);
  Result<Setting> region = find_region(flags, environment, *profile, surroundings);
  if (!region) return fail(region.error());
  observer.setting("region", region->value, region->origin);
  Result<CredentialSource> credentials = find_credentials(*profile, environment, observer);
  if (!credentials) return fail(credentials.error());

  EndpointVariant variant = find_variant(environment, *profile);
  if (take_fips_mark(region->value)) variant.fips = true;
  Settings settings;
  settings.observer = surroundings.observer;
  settings.credentials = std::move(*credentials);
  settings.region = std::move(region->value);
  settings.ca_bundle = find_setting(environment, *profile, "AWS_CA_BUNDLE", "ca_bundle").value;
  const std::string home = environment_value(environment, "HOME");
  if (!home.empty()) settings.credential_cache = home + "/.aws/cli/cache";
  Result<std::optional<int>> max_attempts = find_max_attempts(environment, *profile);
  if (!max_attempts) return fail(max_attempts.error());
  settings.max_attempts = *max_attempts;
  Result<std::optional<double>> rate_share = find_rate_share(flags, environment);
  if (!rate_share) return fail(rate_share.error());
  settings.rate_share = *rate_share;
  settings.proxies = net::ProxyRules::from_environment(environment);
  std::array<std::string, kServiceNames.size()> endpoints;
  for (const Service service : kServices) {
    Result<Setting> endpoint = find_endpoint(service, flags, environment, *profile, settings.region, variant);
    if (!endpoint) return fail(endpoint.error());
    observer.setting(fmt::format("endpoint of {}", service_name(service)), endpoint->value, endpoint->origin);
    endpoints[static_cast<std::size_t>(service)] = std::move(endpoint->value);
  }
  Result<Setting> channel = find_channel_endpoint(environment, *profile);
  if (!channel) return fail(channel.error());
  if (!channel->value.empty()) observer.setting("endpoint of ssmmessages", channel->value, channel->origin);
  settings.channel_endpoint = std::move(channel->value);
  settings.endpoint = [endpoints = std::move(endpoints)](Service service) {
    return endpoints[static_cast<std::size_t>(service)];
  };
  return settings;
}

Result<std::string> resolve_channel_endpoint(const Flags& flags, const Environment& environment) {
  const Result<Profile> profile = load_profile(flags, environment);
  Result<Setting> endpoint = find_channel_endpoint(environment, profile ? *profile : Profile{});
  if (!endpoint) return fail(endpoint.error());
  return std::move(endpoint->value);
}

}  // namespace ferry::aws
