#include "aws/credential_cache.hpp"

#include "aws/answer_reader.hpp"
#include "aws/credential_answer.hpp"
#include "aws/secret_file.hpp"
#include "base/text.hpp"
#include "sys/private_file.hpp"
#include "wire/digest.hpp"
#include "wire/json_object.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

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
std::string digest_of(const Arguments& arguments, std::string_view comma, std::string_view colon) {
  std::string text;
  for (const auto& [name, value] : arguments)
    text += fmt::format("{}\"{}\"{}{}", text.empty() ? "" : comma, name, colon, value);
  if (!is_ascii(text)) return {};
  return hex(wire::sha1(as_bytes(fmt::format("{{{}}}", text)))) + ".json";
}

std::string name_of(const AssumedRoleSource& role) {
  Arguments arguments{{"RoleArn", quoted(role.role_arn)}};
  if (!role.session_name.empty()) arguments["RoleSessionName"] = quoted(role.session_name);
  if (!role.external_id.empty()) arguments["ExternalId"] = quoted(role.external_id);
  if (!role.mfa_serial.empty()) arguments["SerialNumber"] = quoted(role.mfa_serial);
  if (role.duration_s) arguments["DurationSeconds"] = fmt::format("{}", *role.duration_s);
  return digest_of(arguments, ", ", ": ");
}

// With the token: another one may be another identity.
std::string name_of(const WebIdentitySource& identity) {
  std::ifstream file(identity.token_file, std::ios::binary);
  if (!file) return {};
  const std::string token{std::istreambuf_iterator<char>(file), {}};
  Arguments arguments{{"RoleArn", quoted(identity.role_arn)}, {"WebIdentityToken", quoted(token)}};
  if (!identity.session_name.empty()) arguments["RoleSessionName"] = quoted(identity.session_name);
  return digest_of(arguments, ", ", ": ");
}

std::string name_of(const IdentityCenterSource& center) {
  Arguments arguments{{"accountId", quoted(center.account_id)}, {"roleName", quoted(center.role_name)}};
  if (center.session.empty()) {
    arguments["startUrl"] = quoted(center.start_url);
  } else {
    arguments["sessionName"] = quoted(center.session);
  }
  return digest_of(arguments, ",", ":");
}

std::string to_the_second(WallTime time) {
  return rfc3339(time).substr(0, std::string_view("2026-11-23T18:19:36").size()) + "Z";
}

// "arn:aws:sts::123456789012:assumed-role/web/name"
std::string account_in(std::string_view arn) {
  const std::vector<std::string_view> parts = split(arn, ':');
  constexpr std::size_t kAccount = 4;
  return parts.size() > kAccount ? std::string(parts[kAccount]) : std::string();
}

}  // namespace

std::string cache_file_name(const CredentialSource& source) {
  if (const auto* role = std::get_if<AssumedRoleSource>(&source.kind)) return name_of(*role);
  if (const auto* identity = std::get_if<WebIdentitySource>(&source.kind)) return name_of(*identity);
  if (const auto* center = std::get_if<IdentityCenterSource>(&source.kind)) return name_of(*center);
  return {};
}

std::optional<Credentials> kept_credentials(const std::string& path, WallTime now, Observer& observer) {
  if (path.empty()) return std::nullopt;
  const std::optional<Secret> text = read_secret_file(path, observer);
  if (!text) return std::nullopt;
  const Result<json::object> entry = wire::parse_secret_object(text->reveal(), path);
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
    (*credentials)["Expiration"] = to_the_second(*end);
  const json::object* user = object_in(sts_answer, "AssumedRoleUser");
  const std::string account = user == nullptr ? std::string() : account_in(text_in(*user, "Arn"));
  if (!account.empty()) (*credentials)["AccountId"] = account;
  return sts_answer;
}

json::object cache_entry(const IdentityCenterSource& center, const Credentials& credentials) {
  json::object kept{{"AccessKeyId", credentials.access_key_id},
                    {"SecretAccessKey", credentials.secret_access_key.reveal()},
                    {"SessionToken", credentials.session_token.reveal()},
                    {"AccountId", center.account_id}};
  if (credentials.expires_at) kept["Expiration"] = to_the_second(*credentials.expires_at);
  return {{"ProviderType", "sso"}, {"Credentials", std::move(kept)}};
}

Result<> keep_credentials(const std::string& path, const json::object& entry) {
  const json::object* credentials = object_in(entry, "Credentials");
  if (path.empty() || credentials == nullptr || !credentials->contains("Expiration")) return {};
  if (Result<> made = sys::make_private_folder(path.substr(0, path.rfind('/'))); !made) return made;
  const Secret text(json::serialize(entry));
  return sys::write_private_file(path, text.reveal());
}

}  // namespace ferry::aws
