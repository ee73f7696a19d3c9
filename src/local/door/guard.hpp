// Who may call the endpoint. It runs commands for its callers, so every request must prove that it is not a
// web page's (Host and Origin) and that its sender knows the key (SigV4, or a bearer token on /_ferry/).
// Pure: time and key come in.
#pragma once

#include "base/time.hpp"
#include "local/api/operation.hpp"
#include "net/http.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::local {

// The key pair that `ferry local env` prints.
struct AccessKey {
  std::string id;
  std::string secret;
};

class Guard {
 public:
  // `port` is where the endpoint listens. `is_exposed`: it listens beyond loopback by the user's word, so
  // that callers may name it by any address, though still by no name but localhost.
  Guard(AccessKey key, std::uint16_t port, bool is_exposed);

  // Of every request, also of websocket upgrades: a Host that is ours (a foreign one is DNS rebinding) and no
  // Origin (browsers send it; the AWS tools never do).
  [[nodiscard]] std::optional<ServiceError> check_sender(const net::HttpRequest& request) const;
  // Of calls of the API: signed by the key, for the service `signing_name`, within the services' clock
  // tolerance.
  [[nodiscard]] std::optional<ServiceError> check_signature(const net::HttpRequest& request,
                                                            std::string_view signing_name,
                                                            WallTime now) const;
  // Of /_ferry/ paths: `Authorization: Bearer SECRET`.
  [[nodiscard]] std::optional<ServiceError> check_bearer(const net::HttpRequest& request) const;

 private:
  [[nodiscard]] bool is_own_host(std::string_view host) const;

  AccessKey key_;
  std::uint16_t port_;
  bool is_exposed_;
};

}  // namespace ferry::local
