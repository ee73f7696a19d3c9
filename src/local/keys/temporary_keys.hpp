// The temporary keys that the endpoint gives out through STS. Nothing is kept of them: id, secret and session
// token follow from the endpoint's own secret, so that those of before a restart count after it.
// Pure: time and chance come in. Thread-safe.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ferry::local {

struct TemporaryKey {
  std::string id, secret, session_token;
  WallTime expires_at;  // a whole second
};

class TemporaryKeys {
 public:
  explicit TemporaryKeys(std::string_view endpoint_secret) : endpoint_secret_(std::string(endpoint_secret)) {}

  // `chance` is 16 random characters of those that AWS's ids have: capital letters and the digits 2 to 7.
  [[nodiscard]] TemporaryKey issue(std::string_view chance, WallTime expires_at) const;
  // The key of that id and session token, whether or not it has expired; nothing where it is none of ours.
  [[nodiscard]] std::optional<TemporaryKey> find(std::string_view id, std::string_view session_token) const;

 private:
  [[nodiscard]] TemporaryKey key_of(std::string_view id, WallTime expires_at) const;

  Secret endpoint_secret_;
};

}  // namespace ferry::local
