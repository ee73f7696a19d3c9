// Where calls go and as whom: what flags, environment and the shared config files say together.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::aws {

enum class Service { ecs, logs, ssm, sts, kms, iam, ec2 };

// Every service, in the enum's order.
inline constexpr std::array kServices{Service::ecs, Service::logs, Service::ssm, Service::sts,
                                      Service::kms, Service::iam,  Service::ec2};

// "ecs", "logs", ...: signing name, endpoint prefix and the word that `ferry api` takes.
std::string_view service_name(Service service);
std::optional<Service> service_by_name(std::string_view name);

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty where there is none
  std::string source;         // "environment", "profile NAME in FILE"
  std::optional<WallTime> expires_at;
};

// What the command line says; empty where it says nothing.
struct Flags {
  std::string profile;
  std::string region;
  std::string endpoint_url;
};

// The process environment as a value: the value of a variable, or nothing where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

struct Settings {
  Credentials credentials;
  std::string region;
  std::string ca_bundle;                         // file; empty for the system's authorities
  std::function<std::string(Service)> endpoint;  // absolute URL for a service
};

// True for text that can be the name of a region: it becomes part of host names, so it is one DNS label in
// lower case, of 1 to 63 letters, digits and inner hyphens. Whether AWS has that region is not asked. Pure.
bool is_region(std::string_view text);

// Resolves flags, then environment, then the profile's config and credentials files (static keys only), as
// botocore does. Reads files, calls nobody. Failures (usage, not_found) name each source that was tried.
Result<Settings> resolve_settings(const Flags& flags, const Environment& environment);

}  // namespace ferry::aws
