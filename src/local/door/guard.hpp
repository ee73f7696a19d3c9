// Who may call the endpoint. It runs commands for its callers, so every request must prove that it is not a
// web page's (Host and Origin) and that its sender knows the key (SigV4). The temporary keys that the
// endpoint gave out sign like its own, but for its controls.
// Pure: time and key come in.
#pragma once

#include "base/time.hpp"
#include "local/api/operation.hpp"
#include "local/keys/temporary_keys.hpp"
#include "net/http.hpp"
#include "wire/sigv4.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace ferry::local {

// The signing name of the endpoint's own controls, the paths below /_ferry/.
inline constexpr std::string_view control_service = "ferry-local";

// The key pair that `ferry local env` prints.
struct AccessKey {
  std::string id;
  std::string secret;
};

// How the websockets of sessions are guarded, beside the token that is their first message.
struct ChannelGuard {
  std::string region;        // a signature must be for it, that of a control as well
  bool is_required = false;  // unsigned ones are refused
};

class Guard {
 public:
  // `port` is where the endpoint listens. `is_exposed`: it listens beyond loopback by the user's word, so
  // that callers may name it by any address, though still by no name but localhost.
  Guard(AccessKey key, std::uint16_t port, bool is_exposed, ChannelGuard channels);

  // Of every request, also of websocket upgrades: a Host that is ours (a foreign one is DNS rebinding) and no
  // Origin (browsers send it; the AWS tools never do).
  [[nodiscard]] std::optional<ServiceError> check_sender(const net::HttpRequest& request) const;
  // Of calls of the API: signed by the key, for the service `signing_name`, within the services' clock
  // tolerance.
  [[nodiscard]] std::optional<ServiceError> check_signature(const net::HttpRequest& request,
                                                            std::string_view signing_name,
                                                            WallTime now) const;
  // Of the GET of a session's websocket: a signature, where there is one or must be, is by one of our keys
  // for ssmmessages in our region.
  [[nodiscard]] std::optional<ServiceError> check_channel(const net::HttpRequest& request,
                                                          WallTime now) const;
  // Of /_ferry/ paths: signed by the endpoint's own key for the service `control_service` in our region.
  [[nodiscard]] std::optional<ServiceError> check_control(const net::HttpRequest& request,
                                                          WallTime now) const;

 private:
  [[nodiscard]] std::optional<ServiceError> check_region(const net::HttpRequest& request) const;
  [[nodiscard]] bool is_own_host(std::string_view host) const;
  [[nodiscard]] tl::expected<wire::sigv4::Authorization, ServiceError> verify(const net::HttpRequest& request,
                                                                              WallTime now) const;

  AccessKey key_;
  TemporaryKeys temporary_keys_;
  std::uint16_t port_;
  bool is_exposed_;
  ChannelGuard channels_;
};

}  // namespace ferry::local
