#include "aws/credential_answer.hpp"

#include "aws/answer_reader.hpp"
#include "wire/json_object.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

namespace json = boost::json;

struct Names {
  std::string_view key, secret, token, expiration;
};

constexpr Names kProcess{"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"};
constexpr Names kMetadata{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"};

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

// Each of these members is a text where it is there.
Result<> check_texts(const json::object& object, const Names& names, std::string_view what) {
  for (const std::string_view name : {names.key, names.secret, names.token, names.expiration}) {
    const json::value* value = object.if_contains(name);
    if (value != nullptr && !value->is_null() && !value->is_string())
      return fail(FailureCode::protocol, fmt::format("{} has no usable {}: it is no text", what, name));
  }
  return {};
}

Result<Credentials> read(const json::object& object, const Names& names, std::string_view what) {
  const Result<> usable = check_texts(object, names, what);
  if (!usable) return fail(usable.error());
  Credentials credentials;
  credentials.access_key_id = text_in(object, names.key);
  credentials.secret_access_key = text_in(object, names.secret);
  credentials.session_token = text_in(object, names.token);
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return fail(FailureCode::protocol, fmt::format("{} lacks {} or {}", what, names.key, names.secret));
  if (!is_printable(credentials.access_key_id) || !is_printable(credentials.secret_access_key.reveal()) ||
      !is_printable(credentials.session_token.reveal()))
    return fail(FailureCode::protocol,
                fmt::format("{} has a key with characters that keys never have", what));
  const std::string expiration = text_in(object, names.expiration);
  if (expiration.empty()) return credentials;
  credentials.expires_at = parse_rfc3339(expiration);
  if (!credentials.expires_at)
    return fail(FailureCode::protocol, fmt::format("{} has an {} that is no time", what, names.expiration));
  return credentials;
}

}  // namespace

Result<Credentials> credentials_of_process(std::string_view output) {
  constexpr std::string_view kWhat = "the output of the credential process";
  Result<json::object> object = wire::parse_secret_object(output, kWhat);
  if (!object) return fail(object.error());
  if (integer_in(*object, "Version") != 1)
    return fail(FailureCode::protocol, fmt::format("{} is not of Version 1", kWhat));
  return read(*object, kProcess, kWhat);
}

Result<Credentials> credentials_of_metadata(std::string_view body) {
  constexpr std::string_view kWhat = "the metadata answer";
  Result<json::object> object = wire::parse_secret_object(body, kWhat);
  if (!object) return fail(object.error());
  const std::string code = text_in(*object, "Code");
  if (!code.empty() && code != "Success")
    return fail(FailureCode::refused, fmt::format("{} has no credentials: {}", kWhat, code));
  return read(*object, kMetadata, kWhat);
}

Result<Credentials> credentials_of_sts(const json::object& answer) {
  const json::object* credentials = object_in(answer, "Credentials");
  if (credentials == nullptr) return fail(FailureCode::protocol, "the answer of STS has no credentials");
  return read(*credentials, kProcess, "the answer of STS");
}

Result<Credentials> credentials_of_identity_center(std::string_view body) {
  constexpr std::string_view kWhat = "the answer of IAM Identity Center";
  constexpr Names kNames{"accessKeyId", "secretAccessKey", "sessionToken", ""};
  Result<json::object> object = wire::parse_secret_object(body, kWhat);
  if (!object) return fail(object.error());
  const json::object* role = object_in(*object, "roleCredentials");
  if (role == nullptr) return fail(FailureCode::protocol, fmt::format("{} has no roleCredentials", kWhat));
  Result<Credentials> credentials = read(*role, kNames, kWhat);
  if (credentials) {
    const auto expiration_ms = integer_in(*role, "expiration");
    if (!expiration_ms && role->contains("expiration"))
      return fail(FailureCode::protocol, fmt::format("{} has no usable expiration: it is no integer", kWhat));
    if (expiration_ms) credentials->expires_at = WallTime(milliseconds(*expiration_ms));
  }
  return credentials;
}

}  // namespace ferry::aws
