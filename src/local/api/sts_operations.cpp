#include "local/api/sts_operations.hpp"

#include "base/text.hpp"
#include "base/time.hpp"
#include "local/api/arn.hpp"
#include "local/api/input.hpp"
#include "local/api/shape.hpp"
#include "local/keys/temporary_keys.hpp"
#include "net/clock.hpp"
#include "sys/random.hpp"

#include <cstdint>
#include <memory>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kInputError = "ValidationError";

// What AWS allows, in seconds.
struct DurationLimits {
  std::int64_t usual, most;
};
constexpr std::int64_t kShortest = 900;

std::string random_id() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr std::size_t kLetters = 16;
  std::string id;
  for (const std::uint8_t byte : sys::random_bytes(kLetters)) id += kAlphabet[byte % kAlphabet.size()];
  return id;
}

// {"Credentials": {...}}
Answer issue(const TemporaryKeys& keys, const json::object& input, DurationLimits limits) {
  const std::string text = text_of(input, "DurationSeconds");
  const std::optional<std::int64_t> asked = text.empty() ? limits.usual : parse_integer(text);
  if (!asked || *asked < kShortest || *asked > limits.most) {
    return refuse(
        std::string(kInputError),
        fmt::format("Value '{}' at 'durationSeconds' failed to satisfy constraint: Member must have "
                    "value between {} and {}",
                    text, kShortest, limits.most));
  }
  const TemporaryKey key = keys.issue(random_id(), net::wall_now() + seconds(*asked));
  std::string expiration = rfc3339(key.expires_at);
  expiration = expiration.substr(0, expiration.find('.'));
  if (!expiration.ends_with('Z')) expiration += 'Z';
  return json::object{{"Credentials", json::object{{"AccessKeyId", key.id},
                                                   {"SecretAccessKey", key.secret},
                                                   {"SessionToken", key.session_token},
                                                   {"Expiration", expiration}}}};
}

Answer assume_role(const TemporaryKeys& keys, const json::object& input) {
  constexpr DurationLimits kLimits{.usual = 3'600, .most = 43'200};
  if (auto missing = missing_member(input, {"RoleArn", "RoleSessionName"}, kInputError))
    return tl::unexpected(std::move(*missing));
  const std::string role = text_of(input, "RoleArn");
  const std::size_t name = role.rfind('/');
  if (!role.starts_with("arn:") || name == std::string::npos)
    return refuse(std::string(kInputError), fmt::format("{} is invalid", role));
  Answer answer = issue(keys, input, kLimits);
  if (!answer) return answer;
  const std::string session = text_of(input, "RoleSessionName");
  (*answer)["AssumedRoleUser"] = json::object{
      {"Arn", fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", kAccount, role.substr(name + 1), session)},
      {"AssumedRoleId", fmt::format("AROAFERRYLOCALROLE00:{}", session)}};
  return answer;
}

}  // namespace

Operations sts_operations(std::string_view endpoint_secret) {
  const auto keys = std::make_shared<const TemporaryKeys>(endpoint_secret);
  Operations operations;
  operations["GetCallerIdentity"] = shaped_at_once("{}", [](const json::object&) -> Answer {
    return json::object{{"Arn", fmt::format("arn:aws:iam::{}:user/ferry-local", kAccount)},
                        {"UserId", "AIDAFERRYLOCALUSER00"},
                        {"Account", kAccount}};
  });
  operations["GetSessionToken"] =
      shaped_at_once(R"({"DurationSeconds": "string"})", [keys](const json::object& input) {
        constexpr DurationLimits kLimits{.usual = 43'200, .most = 129'600};
        return issue(*keys, input, kLimits);
      });
  operations["AssumeRole"] =
      shaped_at_once(R"({"RoleArn": "string", "RoleSessionName": "string", "DurationSeconds": "string"})",
                     [keys](const json::object& input) { return assume_role(*keys, input); });
  return operations;
}

}  // namespace ferry::local
