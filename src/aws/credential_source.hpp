// Where credentials come from, as flags, environment and the shared files say it together: a decision, made
// before anybody is asked. Fetching is credential_fetch.hpp's.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ferry::aws {

struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;                // empty where there is none
  std::optional<WallTime> expires_at;  // nothing: never
};

// Whether credentials that an earlier command has kept on disk will do, or only the source's own.
enum class Freshness { kept_will_do, anew };

struct CredentialSource;

// A program that prints them: `credential_process`, or the AWS CLI for kinds that ferry has not.
struct ProcessSource {
  std::vector<std::string> argv;
  std::vector<std::string> added_environment;  // NAME=value
};

struct WebIdentitySource {
  std::string role_arn, token_file;
  std::string session_name;  // empty: ferry's own
};

struct AssumedRoleSource {
  std::string role_arn, external_id, mfa_serial;
  std::string session_name;  // empty: ferry's own
  std::optional<std::int64_t> duration_s;
  std::shared_ptr<const CredentialSource> base;  // who assumes the role; never null
};

// IAM Identity Center.
struct IdentityCenterSource {
  std::string portal_url, token_url;
  std::string account_id, role_name;
  std::string token_path;     // what `aws sso login` wrote
  std::string login_command;  // what a person runs where that has expired
  std::string start_url;
  std::string session;  // the sso-session; empty: the older form, whose login cannot be refreshed
};

struct ContainerSource {
  std::string url;
  Secret token;            // for the Authorization header
  std::string token_file;  // wins over it
};

struct InstanceMetadataSource {
  std::string endpoint;
  milliseconds timeout{1'000};
  int attempts = 1;
  std::string others;  // which sources before it had nothing
};

struct CredentialSource {
  // As botocore names its providers: "env", "shared-credentials-file", "assume-role", ...
  std::string method;
  std::string description;  // for people: "profile dev in /home/me/.aws/credentials"
  std::string renewal;      // what a person does where the service calls them expired
  std::variant<Credentials, ProcessSource, WebIdentitySource, AssumedRoleSource, IdentityCenterSource,
               ContainerSource, InstanceMetadataSource>
      kind;
};

}  // namespace ferry::aws
