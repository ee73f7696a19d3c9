#include "aws/credential_cache.hpp"

#include "aws/answer_reader.hpp"
#include "aws/credential_answer.hpp"
#include "aws/profile.hpp"
#include "aws/secret_file.hpp"
#include "base/text.hpp"
#include "sys/private_file.hpp"
#include "wire/digest.hpp"
#include "wire/json_object.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::aws {
namespace {

namespace json = boost::json;

// botocore's: what ends sooner is fetched anew.
constexpr std::chrono::minutes kShortestUse{15};

using Arguments = std::map<std::string_view, std::string>;  // as JSON

std::string quoted(const std::string& text) {
  return json::serialize(json::value(text));
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// botocore names a file by the SHA-1 of the call's arguments, as Python's json.dumps(sort_keys=True) writes
// them with these separators.
std::string path_of(const Arguments& arguments, std::string_view comma, std::string_view colon,
                    const Environment& environment) {
  const std::string home = environment_value(environment, "HOME");
  std::string text;
  for (const auto& [name, value] : arguments) {
    text += fmt::format("{}\"{}\"{}{}", text.empty() ? "" : comma, name, colon, value);
  }
  if (home.empty() || !is_ascii(text)) return {};
  text = fmt::format("{{{}}}", text);
  return fmt::format("{}/.aws/cli/cache/{}.json", home, hex(wire::sha1(as_bytes(text))));
}

std::string path_of(const Arguments& arguments, const Environment& environment) {
  return path_of(arguments, ", ", ": ", environment);
}

// "2026-11-23T18:19:36", to which each kind of entry adds its word for the zone.
std::string to_the_second(WallTime time) {
  return rfc3339(time).substr(0, std::string_view("2026-11-23T18:19:36").size());
}

// "arn:aws:sts::123456789012:assumed-role/web/name"
std::string account_in(std::string_view arn) {
  const std::vector<std::string_view> parts = split(arn, ':');
  constexpr std::size_t kAccount = 4;
  return parts.size() > kAccount ? std::string(parts[kAccount]) : std::string();
}

}  // namespace

std::string cache_path_of(const AssumedRoleSource& role, const Environment& environment) {
  Arguments arguments{{"RoleArn", quoted(role.role_arn)}};
  if (!role.session_name.empty()) arguments["RoleSessionName"] = quoted(role.session_name);
  if (!role.external_id.empty()) arguments["ExternalId"] = quoted(role.external_id);
  if (!role.mfa_serial.empty()) arguments["SerialNumber"] = quoted(role.mfa_serial);
  if (role.duration_s) arguments["DurationSeconds"] = fmt::format("{}", *role.duration_s);
  return path_of(arguments, environment);
}

std::string cache_path_of(const WebIdentitySource& identity, const Environment& environment) {
  Arguments arguments{{"RoleArn", quoted(identity.role_arn)}};
  if (!identity.session_name.empty()) arguments["RoleSessionName"] = quoted(identity.session_name);
  return path_of(arguments, environment);
}

std::string cache_path_of(const IdentityCenterSource& center, const std::string& session,
                          const std::string& start_url, const Environment& environment) {
  Arguments arguments{{"accountId", quoted(center.account_id)}, {"roleName", quoted(center.role_name)}};
  if (session.empty()) {
    arguments["startUrl"] = quoted(start_url);
  } else {
    arguments["sessionName"] = quoted(session);
  }
  return path_of(arguments, ",", ":", environment);
}

std::optional<Credentials> kept_credentials(const std::string& path, WallTime now, Observer& observer) {
  if (path.empty()) return std::nullopt;
  const std::optional<std::string> text = read_secret_file(path, observer);
  if (!text) return std::nullopt;
  const Result<json::object> entry = wire::parse_object(*text, path);
  Result<Credentials> credentials = entry ? credentials_of_sts(*entry) : fail(entry.error());
  if (!credentials || !credentials->expires_at || *credentials->expires_at - now < kShortestUse)
    return std::nullopt;
  return std::move(*credentials);
}

json::object cache_entry(json::object sts_answer) {
  json::value* member = sts_answer.if_contains("Credentials");
  json::object* credentials = member == nullptr ? nullptr : member->if_object();
  if (credentials == nullptr) return sts_answer;
  if (const auto end = parse_rfc3339(text_in(*credentials, "Expiration")))
    (*credentials)["Expiration"] = to_the_second(*end) + "UTC";
  const json::object* user = object_in(sts_answer, "AssumedRoleUser");
  const std::string account = user == nullptr ? std::string() : account_in(text_in(*user, "Arn"));
  if (!account.empty()) (*credentials)["AccountId"] = account;
  return sts_answer;
}

json::object cache_entry(const IdentityCenterSource& center, const Credentials& credentials) {
  json::object kept{{"AccessKeyId", credentials.access_key_id},
                    {"SecretAccessKey", credentials.secret_access_key},
                    {"SessionToken", credentials.session_token},
                    {"AccountId", center.account_id}};
  if (credentials.expires_at) kept["Expiration"] = to_the_second(*credentials.expires_at) + "Z";
  return {{"ProviderType", "sso"}, {"Credentials", std::move(kept)}};
}

Result<> keep_credentials(const std::string& path, const json::object& entry) {
  const json::object* credentials = object_in(entry, "Credentials");
  if (path.empty() || credentials == nullptr || !credentials->contains("Expiration")) return {};
  if (Result<> made = sys::make_private_folder(path.substr(0, path.rfind('/'))); !made) return made;
  return sys::write_private_file(path, json::serialize(entry));
}

}  // namespace ferry::aws
