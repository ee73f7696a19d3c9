#include "local/keys/temporary_keys.hpp"

#include "base/text.hpp"
#include "wire/digest.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace ferry::local {
namespace {

// As AWS's temporary keys begin.
constexpr std::string_view kPrefix = "ASIA";
constexpr std::string_view kTokenPrefix = "FERRYLOCAL";
constexpr std::size_t kSecretLetters = 40;

std::string derived(const Secret& secret, std::string_view purpose, std::string_view id,
                    std::int64_t expiry) {
  const std::string text = fmt::format("{}/{}/{}", purpose, id, expiry);
  return hex(wire::hmac_sha256(as_bytes(secret.reveal()), as_bytes(text)));
}

}  // namespace

TemporaryKey TemporaryKeys::key_of(std::string_view id, WallTime expires_at) const {
  const std::int64_t expiry = std::chrono::duration_cast<seconds>(expires_at.time_since_epoch()).count();
  return {
      .id = std::string(id),
      .secret = derived(endpoint_secret_, "secret of temporary key", id, expiry).substr(0, kSecretLetters),
      .session_token = fmt::format("{}/{}/{}", kTokenPrefix, expiry,
                                   derived(endpoint_secret_, "token of temporary key", id, expiry)),
      .expires_at = WallTime(seconds(expiry))};
}

TemporaryKey TemporaryKeys::issue(std::string_view chance, WallTime expires_at) const {
  return key_of(fmt::format("{}{}", kPrefix, chance), expires_at);
}

std::optional<TemporaryKey> TemporaryKeys::find(std::string_view id, std::string_view session_token) const {
  constexpr std::int64_t kLatest = 1'000'000'000'000;  // seconds: far from where times overflow
  const auto parts = split(session_token, '/');
  if (!id.starts_with(kPrefix) || parts.size() != 3 || parts[0] != kTokenPrefix) return std::nullopt;
  const std::optional<std::int64_t> expiry = parse_integer(parts[1]);
  if (!expiry || *expiry < 0 || *expiry > kLatest) return std::nullopt;
  TemporaryKey key = key_of(id, WallTime(seconds(*expiry)));
  if (!equal_in_constant_time(key.session_token, session_token)) return std::nullopt;
  return key;
}

}  // namespace ferry::local
