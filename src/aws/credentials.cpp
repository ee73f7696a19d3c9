#include "aws/credentials.hpp"

#include "aws/endpoints.hpp"
#include "aws/instance_metadata.hpp"
#include "aws/secret_file.hpp"
#include "base/text.hpp"
#include "wire/command_line.hpp"
#include "wire/digest.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

// Why a source has no credentials.
struct Absent {
  std::string why;
};

using Found = std::variant<CredentialSource, Absent, Failure>;

// One place to look, by botocore's name for it.
struct Place {
  std::string_view method;
  std::function<Found()> look;
};

// The first place that has credentials, or something wrong; nothing where all have none.
std::optional<Result<CredentialSource>> first_of(const std::vector<Place>& places, Observer& observer) {
  for (const Place& place : places) {
    Found found = place.look();
    if (const auto* absent = std::get_if<Absent>(&found)) {
      observer.source(place.method, absent->why);
    } else if (auto* failure = std::get_if<Failure>(&found)) {
      observer.source(place.method, failure->what);
      return fail(std::move(*failure));
    } else {
      auto& source = std::get<CredentialSource>(found);
      observer.source(source.method, source.description);
      return std::move(source);
    }
  }
  return std::nullopt;
}

// Set for programs that ferry starts for credentials, so that one that calls ferry again comes to an end.
constexpr std::string_view kRecursionGuard = "FERRY_FETCHES_CREDENTIALS";

// Keys go into headers: a blank or a line end (a variable filled from a file) would garble them.
bool is_printable(std::string_view key) {
  return std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<Credentials> checked(Credentials credentials, std::string_view where) {
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return fail(FailureCode::usage, fmt::format("{} has only one half of the key pair", where),
                "set both the access key id and the secret access key");
  }
  if (!is_printable(credentials.access_key_id) || !is_printable(credentials.secret_access_key.reveal()) ||
      !is_printable(credentials.session_token.reveal())) {
    return fail(
        FailureCode::usage,
        fmt::format("a key or token from {} has a blank or another character that keys never have", where),
        "check for a line end at its end");
  }
  return credentials;
}

template <class Kind>
CredentialSource source(std::string method, std::string description, std::string renewal, Kind kind) {
  return {.method = std::move(method),
          .description = std::move(description),
          .renewal = std::move(renewal),
          .kind = std::move(kind)};
}

constexpr const char* kPlatformRenewal = "this machine's platform renews them: check its clock";

Failure wrong(std::string what, std::string hint) {
  return {.code = FailureCode::usage, .what = std::move(what), .hint = std::move(hint), .service_code = {}};
}

Found static_keys(Credentials found, std::string method, std::string description, std::string_view where) {
  std::string renewal = fmt::format("get new temporary credentials and put them in {}'s place", where);
  Result<Credentials> keys = checked(std::move(found), where);
  if (!keys) return std::move(keys.error());
  return source(std::move(method), std::move(description), std::move(renewal), std::move(*keys));
}

Found from_environment(const Environment& environment, bool counts) {
  if (!counts) return Absent{"the environment's keys do not count beside --profile"};
  Credentials found;
  found.access_key_id = environment_value(environment, "AWS_ACCESS_KEY_ID");
  found.secret_access_key = environment_value(environment, "AWS_SECRET_ACCESS_KEY");
  found.session_token = environment_value(environment, "AWS_SECURITY_TOKEN");  // the older name, and first
  if (found.session_token.empty()) found.session_token = environment_value(environment, "AWS_SESSION_TOKEN");
  if (found.access_key_id.empty()) return Absent{"AWS_ACCESS_KEY_ID is not set"};
  const std::string expiration = environment_value(environment, "AWS_CREDENTIAL_EXPIRATION");
  if (!expiration.empty()) {
    found.expires_at = parse_rfc3339(expiration);
    if (!found.expires_at)
      return wrong(fmt::format("AWS_CREDENTIAL_EXPIRATION is '{}', which is no time", expiration),
                   "write it like 2026-11-23T18:19:36Z");
  }
  return static_keys(std::move(found), "env", "environment", "the environment");
}

Found from_section(const ConfigSection& section, const std::string& method, const std::string& profile,
                   const std::string& path, Observer& observer) {
  Credentials found;
  found.access_key_id = config_value(section, "aws_access_key_id");
  found.secret_access_key = config_value(section, "aws_secret_access_key");
  found.session_token = config_value(section, "aws_security_token");
  if (found.session_token.empty()) found.session_token = config_value(section, "aws_session_token");
  if (found.access_key_id.empty())
    return Absent{fmt::format("profile {} has no aws_access_key_id in {}", profile, path)};
  check_secret_file(path, observer);
  return static_keys(std::move(found), method, fmt::format("profile {} in {}", profile, path),
                     fmt::format("profile '{}' in {}", profile, path));
}

// Of a profile alone, or of the environment too where that may speak.
Found from_web_identity(const Profile& profile, const Environment& environment, bool environment_counts) {
  const auto value = [&](std::string_view variable, std::string_view option) {
    std::string found = environment_counts ? environment_value(environment, variable) : std::string();
    return found.empty() ? profile.value(option) : found;
  };
  WebIdentitySource identity;
  identity.token_file = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  if (identity.token_file.empty()) {
    return Absent{fmt::format("profile {} has no web_identity_token_file{}", profile.name,
                              environment_counts ? ", and AWS_WEB_IDENTITY_TOKEN_FILE is not set" : "")};
  }
  identity.role_arn = value("AWS_ROLE_ARN", "role_arn");
  if (identity.role_arn.empty())
    return wrong("a web identity token file is named, but no role",
                 "set AWS_ROLE_ARN, or role_arn in the profile");
  identity.session_name = value("AWS_ROLE_SESSION_NAME", "role_session_name");
  std::string description = fmt::format("web identity in {}", identity.token_file);
  std::string renewal =
      fmt::format("look at who renews {}, and at this machine's clock", identity.token_file);
  return source("assume-role-with-web-identity", std::move(description), std::move(renewal),
                std::move(identity));
}

Found from_identity_center(const Profile& profile, const Environment& environment) {
  if (profile.value("sso_account_id").empty() && profile.value("sso_role_name").empty())
    return Absent{fmt::format("profile {} has neither sso_account_id nor sso_role_name", profile.name)};
  const std::string session = profile.value("sso_session");
  // The session's section counts as if it stood in the profile; what both say must be the same.
  for (const auto& [option, value] : profile.sso_session) {
    const std::string own = profile.value(option);
    if (!own.empty() && std::string_view(own) != value)
      return wrong(fmt::format("profile '{}' and its sso-session '{}' say different things of {}",
                               profile.name, session, option),
                   "take it out of the profile");
  }
  const auto value = [&](std::string_view option) {
    const std::string own = profile.value(option);
    return own.empty() ? config_value(profile.sso_session, option) : own;
  };
  const std::string start_url = value("sso_start_url");
  const std::string region = value("sso_region");
  IdentityCenterSource center;
  center.account_id = value("sso_account_id");
  center.role_name = value("sso_role_name");
  if (start_url.empty() || region.empty() || center.account_id.empty() || center.role_name.empty()) {
    return wrong(fmt::format("profile '{}' uses IAM Identity Center, but lacks one of sso_start_url, "
                             "sso_region, sso_account_id and sso_role_name",
                             profile.name),
                 "write them again with `aws configure sso`");
  }
  if (!is_region(region))
    return wrong(fmt::format("sso_region '{}' is no AWS region", region), "write it like us-east-1");
  const auto endpoint = [&](std::string_view id, std::string_view host) {
    std::string configured = configured_endpoint(id, environment, profile).value;
    return configured.empty() ? fmt::format("https://{}.{}.{}", host, region, dns_suffix(region))
                              : configured;
  };
  center.portal_url = endpoint("sso", "portal.sso");
  center.token_url = endpoint("sso_oidc", "oidc");
  center.token_path = fmt::format("{}/.aws/sso/cache/{}.json", environment_value(environment, "HOME"),
                                  hex(wire::sha1(as_bytes(session.empty() ? start_url : session))));
  center.login_command = fmt::format("aws sso login --profile {}", wire::quote_word(profile.name));
  center.start_url = start_url;
  center.session = session;
  std::string renewal = fmt::format("log in again: {}", center.login_command);
  return source("sso", fmt::format("IAM Identity Center, profile {}", profile.name), std::move(renewal),
                std::move(center));
}

// What the AWS CLI can do and ferry cannot.
Found from_aws_cli(const Profile& profile, const Environment& environment) {
  if (profile.value("login_session").empty())
    return Absent{fmt::format("profile {} has no login_session", profile.name)};
  if (environment(kRecursionGuard)) {
    return wrong(
        fmt::format(
            "profile '{}' is of `aws login`, whose credentials the AWS CLI gives; it asked ferry again",
            profile.name),
        "look for ferry in the profile's credential_process");
  }
  ProcessSource process;
  process.argv = {"aws", "configure", "export-credentials", "--format", "process", "--profile", profile.name};
  process.added_environment = {fmt::format("{}=1", kRecursionGuard)};
  return source("login", fmt::format("`aws configure export-credentials`, profile {}", profile.name),
                fmt::format("log in again: aws login --profile {}", wire::quote_word(profile.name)),
                std::move(process));
}

Found from_process(const Profile& profile, const Environment& environment) {
  const std::string command = profile.value("credential_process");
  if (command.empty()) return Absent{fmt::format("profile {} has no credential_process", profile.name)};
  Result<std::vector<std::string>> words = wire::split_command_line(command, wire::Dialect::python);
  if (!words || words->empty())
    return wrong(fmt::format("the credential_process of profile '{}' is no command", profile.name),
                 "check its quotes");
  if (environment(kRecursionGuard)) {
    return wrong(fmt::format("the credential_process of profile '{}' asked ferry for its own credentials",
                             profile.name),
                 "use another profile in that program");
  }
  ProcessSource process;
  process.argv = std::move(*words);
  process.added_environment = {fmt::format("{}=1", kRecursionGuard)};
  std::string renewal = fmt::format("look at what {} prints", process.argv.front());
  return source("custom-process", fmt::format("credential_process of profile {}", profile.name),
                std::move(renewal), std::move(process));
}

// Where a profile may have credentials of its own, without a role. All that it takes outlives the places.
std::vector<Place> places_of(const Profile& profile, const Environment& environment, bool environment_counts,
                             Observer& observer) {
  return {{"assume-role-with-web-identity",
           [&profile, &environment, environment_counts] {
             return from_web_identity(profile, environment, environment_counts);
           }},
          {"sso", [&] { return from_identity_center(profile, environment); }},
          {"shared-credentials-file",
           [&] {
             return from_section(profile.credentials, "shared-credentials-file", profile.name,
                                 profile.credentials_path, observer);
           }},
          {"login", [&] { return from_aws_cli(profile, environment); }},
          {"custom-process", [&] { return from_process(profile, environment); }},
          {"config-file", [&] {
             return from_section(profile.config, "config-file", profile.name, profile.config_path, observer);
           }}};
}

constexpr std::string_view kRelativeUri = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr std::string_view kFullUri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

Found from_container(const Environment& environment) {
  ContainerSource container;
  if (const std::optional<std::string> relative = environment(kRelativeUri)) {
    container.url = "http://169.254.170.2" + *relative;
  } else if (const std::optional<std::string> full = environment(kFullUri)) {
    container.url = *full;
  } else {
    return Absent{fmt::format("neither {} nor {} is set", kRelativeUri, kFullUri)};
  }
  container.token = environment_value(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  container.token_file = environment_value(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  return source("container-role", "the container's credentials endpoint", kPlatformRenewal,
                std::move(container));
}

Found from_instance(const Profile& profile, const Environment& environment) {
  std::optional<InstanceMetadataSource> instance = find_instance_metadata(profile, environment);
  if (!instance) return Absent{"AWS_EC2_METADATA_DISABLED is true"};
  return source("iam-role", "the instance's metadata", kPlatformRenewal, std::move(*instance));
}

std::string none_before(const Profile& profile) {
  const std::string_view keys = profile.name_source == "--profile"
                                    ? "AWS_ACCESS_KEY_ID does not count beside --profile"
                                    : "AWS_ACCESS_KEY_ID is not set";
  return fmt::format(
      "no AWS credentials found: {}, profile '{}' has none in {} or {}, no container's are named", keys,
      profile.name, profile.credentials_path, profile.config_path);
}

// What credential_source names.
Found by_name(const std::string& name, const Profile& profile, const Environment& environment) {
  if (name == "Environment") return from_environment(environment, true);
  if (name == "EcsContainer") return from_container(environment);
  if (name == "Ec2InstanceMetadata") return from_instance(profile, environment);
  return wrong(
      fmt::format("credential_source '{}' of profile '{}' is none that is known", name, profile.name),
      "it is Environment, Ec2InstanceMetadata or EcsContainer");
}

bool has_role(const Profile& profile) {
  return !profile.value("role_arn").empty() && profile.value("web_identity_token_file").empty();
}

bool has_keys(const Profile& profile) {
  return !profile.value("aws_access_key_id").empty() || !profile.value("aws_secret_access_key").empty();
}

// Who assumes a role, which may be another role: botocore's rules for chains.
class RoleSearch {
 public:
  RoleSearch(const Environment& environment, Observer& observer)
      : environment_(environment), observer_(observer) {}

  Result<CredentialSource> role_of(const Profile& profile) {
    visited_.push_back(profile.name);
    Result<CredentialSource> base = base_of(profile);
    if (!base) return fail(base.error());
    AssumedRoleSource role;
    role.role_arn = profile.value("role_arn");
    role.session_name = profile.value("role_session_name");
    role.external_id = profile.value("external_id");
    role.mfa_serial = profile.value("mfa_serial");
    // As in botocore, what is no number counts for nothing.
    const std::optional<std::int64_t> duration_s = parse_integer(profile.value("duration_seconds"));
    if (duration_s && *duration_s > 0) role.duration_s = duration_s;
    role.base = std::make_shared<const CredentialSource>(std::move(*base));
    std::string description = fmt::format("role {} of profile {}, assumed by {}", role.role_arn, profile.name,
                                          role.base->description);
    std::string renewal = role.base->renewal;
    return source("assume-role", std::move(description), std::move(renewal), std::move(role));
  }

 private:
  Result<CredentialSource> base_of(const Profile& role) {
    const std::string base_profile = role.value("source_profile");
    const std::string base_source = role.value("credential_source");
    if (base_profile.empty() == base_source.empty()) {
      return fail(wrong(fmt::format("profile '{}' has a role_arn and {}", role.name,
                                    base_profile.empty() ? "neither source_profile nor credential_source"
                                                         : "both source_profile and credential_source"),
                        "say with one of them who assumes the role"));
    }
    if (!base_profile.empty()) return profile_named(base_profile, role);
    auto found =
        first_of({{base_source, [&] { return by_name(base_source, role, environment_); }}}, observer_);
    if (found) return std::move(*found);
    return fail(
        wrong(fmt::format("credential_source {} of profile '{}' has no credentials", base_source, role.name),
              "use source_profile where they are in a profile"));
  }

  Result<CredentialSource> profile_named(const std::string& name, const Profile& role) {
    Flags flags;
    flags.profile = name;
    const Result<Profile> profile = load_profile(flags, environment_);
    if (!profile) return fail(profile.error().in(fmt::format("source_profile of profile '{}'", role.name)));
    const bool was_visited = std::ranges::find(visited_, name) != visited_.end();
    if (was_visited && !(name == role.name && has_keys(*profile))) {
      return fail(
          wrong(fmt::format("the source_profile of profile '{}' leads in a circle to '{}'", role.name, name),
                "one of them must have credentials of its own"));
    }
    if (!has_keys(*profile) && has_role(*profile)) return role_of(*profile);
    auto found = first_of(places_of(*profile, environment_, false, observer_), observer_);
    if (found) return std::move(*found);
    return fail(
        wrong(fmt::format("profile '{}', the source_profile of '{}', has no credentials", name, role.name),
              "add them there, or name another"));
  }

  const Environment& environment_;
  Observer& observer_;
  std::vector<std::string> visited_;
};

Found from_role(const Profile& profile, const Environment& environment, Observer& observer) {
  if (!has_role(profile)) return Absent{fmt::format("profile {} has no role_arn", profile.name)};
  Result<CredentialSource> role = RoleSearch(environment, observer).role_of(profile);
  if (!role) return std::move(role.error());
  return std::move(*role);
}

}  // namespace

Result<CredentialSource> find_credentials(const Profile& profile, const Environment& environment,
                                          Observer& observer) {
  const bool environment_counts = profile.name_source != "--profile";
  std::vector<Place> places{
      {"env", [&] { return from_environment(environment, environment_counts); }},
      {"assume-role", [&] { return from_role(profile, environment, observer); }},
  };
  std::ranges::move(places_of(profile, environment, environment_counts, observer),
                    std::back_inserter(places));
  places.push_back({"container-role", [&] { return from_container(environment); }});
  places.push_back({"iam-role", [&] { return from_instance(profile, environment); }});
  auto found = first_of(places, observer);
  if (!found) {
    return fail(FailureCode::not_found, none_before(profile) + ", and AWS_EC2_METADATA_DISABLED is set",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add a profile with `aws configure`; for "
                "the local endpoint: eval \"$(ferry local env)\"");
  }
  if (*found) {
    if (auto* instance = std::get_if<InstanceMetadataSource>(&(*found)->kind))
      instance->others = none_before(profile);
  }
  return std::move(*found);
}

}  // namespace ferry::aws
