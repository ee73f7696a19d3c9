// Where calls go and as whom: what flags, environment and the shared config files say together.
#pragma once

#include "aws/credential_source.hpp"
#include "aws/observer.hpp"
#include "base/result.hpp"
#include "net/proxy.hpp"

#include <array>
#include <functional>
#include <memory>
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

// What the command line says; empty where it says nothing.
struct Flags {
  std::string profile;
  std::string region;
  std::string endpoint_url;
  std::string max_rate;  // "25%"
  bool debug = false;    // tell each step on the way to AWS
};

// The process environment as a value: the value of a variable, or nothing where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

struct SharedLimits;

struct Settings {
  CredentialSource credentials;  // what to fetch them from
  std::string region;
  std::string ca_bundle;         // file; empty for the system's authorities
  std::string credential_cache;  // the AWS CLI's folder of roles' credentials; empty: none are kept
  net::ProxyRules proxies;
  std::optional<int> max_attempts;  // of a call, the first one counted; nothing: ferry's own number
  // The part of AWS's throttling limits that calls may use, above 0 and at most 1. Nothing: a quarter, but of
  // an endpoint on this machine, which has none of them, without a limit.
  std::optional<double> rate_share;
  // For all clients that work in one process; null: the client has its own, and shares them with those that
  // it needs for credentials.
  std::shared_ptr<SharedLimits> limits;
  std::function<std::string(Service)> endpoint;  // absolute URL for a service
  // Dialled for a session's websocket instead of the host in its address; empty: that host.
  std::string channel_endpoint;
  // Asks a person for the code of that MFA device; empty where there is nobody to ask.
  std::function<Result<std::string>(const std::string& mfa_serial)> ask_mfa_code;
  std::shared_ptr<Observer> observer = std::make_shared<Observer>();  // never null
};

// What resolving settings needs of the world beyond files.
struct Surroundings {
  std::shared_ptr<Observer> observer = std::make_shared<Observer>();  // never null; the settings keep it
  // Asks the instance's metadata for the region; empty: nobody is asked.
  std::function<Result<std::string>(const InstanceMetadataSource&)> region_of_instance;
};

// True for text that can be the name of a region: it becomes part of host names, so it is one DNS label in
// lower case, of 1 to 63 letters, digits and inner hyphens. Whether AWS has that region is not asked. Pure.
bool is_region(std::string_view text);

// Resolves flags, then environment, then the profile's config and credentials files, as botocore does. Reads
// files and calls nobody, but the surroundings for a region that nothing else names: credentials that have to
// be fetched are fetched with the first call. Failures (usage, not_found) name each source that was tried.
Result<Settings> resolve_settings(const Flags& flags, const Environment& environment,
                                  const Surroundings& surroundings = {});

// Settings::channel_endpoint alone, for sessions that are entered without credentials. A profile that cannot
// be read says nothing. Failures (usage): no URL of a host.
Result<std::string> resolve_channel_endpoint(const Flags& flags, const Environment& environment);

}  // namespace ferry::aws
