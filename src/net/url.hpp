// An absolute http, https, ws or wss URL, taken apart.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::net {

struct Url {
  std::string scheme;        // lower case
  std::string host;          // lower case; an IPv6 literal without its brackets
  std::uint16_t port = 0;    // the scheme's own where the text names none
  std::string target = "/";  // path and query, as written

  // The Host header: brackets around IPv6, no port where it is the scheme's own.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] bool is_secure() const { return scheme == "https" || scheme == "wss"; }
};

// "host:1234", "[::1]:1234".
std::string host_and_port(std::string_view host, std::uint16_t port);

// Refuses other schemes, user information, fragments, blanks and control characters (usage).
Result<Url> parse_url(std::string_view text);

}  // namespace ferry::net
