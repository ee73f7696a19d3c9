#include "aws/credentials.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

constexpr std::string_view kWhatWorks =
    "ferry reads static keys only: put the result of `aws configure export-credentials --format env` into "
    "the "
    "environment";

// Keys go into headers: a blank or a line end (a variable filled from a file) would garble them.
bool is_printable(std::string_view key) {
  return std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<Credentials> checked(Credentials credentials, std::string_view where) {
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return fail(FailureCode::usage, fmt::format("{} has only one half of the key pair", where),
                "set both the access key id and the secret access key");
  }
  if (!is_printable(credentials.access_key_id) || !is_printable(credentials.secret_access_key) ||
      !is_printable(credentials.session_token)) {
    return fail(
        FailureCode::usage,
        fmt::format("a key or token from {} has a blank or another character that keys never have", where),
        "check for a line end at its end");
  }
  return credentials;
}

std::optional<Result<Credentials>> from_environment(const Environment& environment) {
  Credentials found;
  found.access_key_id = environment_value(environment, "AWS_ACCESS_KEY_ID");
  if (found.access_key_id.empty()) return std::nullopt;
  found.secret_access_key = environment_value(environment, "AWS_SECRET_ACCESS_KEY");
  found.session_token = environment_value(environment, "AWS_SESSION_TOKEN");
  found.source = "environment";
  return checked(std::move(found), "the environment");
}

std::optional<Result<Credentials>> from_section(const ConfigSection& section, const std::string& profile,
                                                const std::string& path) {
  Credentials found;
  found.access_key_id = config_value(section, "aws_access_key_id");
  if (found.access_key_id.empty()) return std::nullopt;
  found.secret_access_key = config_value(section, "aws_secret_access_key");
  found.session_token = config_value(section, "aws_session_token");
  found.source = fmt::format("profile {} in {}", profile, path);
  return checked(std::move(found), fmt::format("profile '{}' in {}", profile, path));
}

struct Kind {
  std::string_view option;
  std::string_view name;
};

std::optional<Failure> find_unsupported(const Profile& profile, std::span<const Kind> kinds) {
  for (const Kind& kind : kinds) {
    if (profile.value(kind.option).empty()) continue;
    return Failure{.code = FailureCode::usage,
                   .what = fmt::format("profile '{}' gets its credentials from {} ({}), which ferry does not "
                                       "fetch yet",
                                       profile.name, kind.name, kind.option),
                   .hint = std::string(kWhatWorks),
                   .service_code = {}};
  }
  return std::nullopt;
}

Failure none_found(const Profile& profile, const Environment& environment) {
  const std::string web_identity = environment_value(environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const std::string container = environment_value(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") +
                                environment_value(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  std::string what = profile.name_source == "--profile"
                         ? "no AWS credentials found: AWS_ACCESS_KEY_ID does not count beside --profile"
                         : "no AWS credentials found: AWS_ACCESS_KEY_ID is not set";
  what += fmt::format(", profile '{}' has no aws_access_key_id in {} or {}", profile.name,
                      profile.credentials_path, profile.config_path);
  if (!web_identity.empty()) what += ", AWS_WEB_IDENTITY_TOKEN_FILE is set but not read yet";
  if (!container.empty())
    what += ", the container's credentials (AWS_CONTAINER_CREDENTIALS_...) are not read yet";
  return Failure{
      .code = FailureCode::not_found,
      .what = std::move(what),
      .hint =
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add a profile with `aws configure`; "
          "for the local endpoint: eval \"$(ferry local env)\"",
      .service_code = {}};
}

}  // namespace

Result<Credentials> find_credentials(const Profile& profile, const Environment& environment) {
  if (profile.name_source != "--profile") {
    if (std::optional<Result<Credentials>> found = from_environment(environment)) return std::move(*found);
  }
  constexpr std::array kBeforeKeys{
      Kind{"role_arn", "an assumed role"}, Kind{"sso_session", "IAM Identity Center"},
      Kind{"sso_start_url", "IAM Identity Center"}, Kind{"sso_account_id", "IAM Identity Center"}};
  if (std::optional<Failure> failure = find_unsupported(profile, kBeforeKeys))
    return fail(std::move(*failure));
  if (auto found = from_section(profile.credentials, profile.name, profile.credentials_path)) {
    return std::move(*found);
  }
  constexpr std::array kAfterKeys{Kind{"login_session", "`aws login`"},
                                  Kind{"credential_process", "a program"}};
  if (std::optional<Failure> failure = find_unsupported(profile, kAfterKeys))
    return fail(std::move(*failure));
  if (auto found = from_section(profile.config, profile.name, profile.config_path)) return std::move(*found);
  return fail(none_found(profile, environment));
}

}  // namespace ferry::aws
