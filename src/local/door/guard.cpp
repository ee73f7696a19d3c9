#include "local/door/guard.hpp"

#include "base/text.hpp"
#include "wire/channel_opening.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::local {
namespace {

constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;

ServiceError refusal(std::string_view type, std::string message, int status) {
  return ServiceError{
      .type = std::string(type), .message = std::move(message), .status = status, .extra = {}};
}

bool is_address_literal(std::string_view host) {
  if (host.starts_with('[')) return host.ends_with(']');
  return !host.empty() &&
         std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

ServiceError signature_refusal(const wire::sigv4::Refusal& refused) {
  switch (refused.fault) {
    case wire::sigv4::Fault::missing:
      return refusal("MissingAuthenticationTokenException", refused.detail, kForbidden);
    case wire::sigv4::Fault::incomplete:
      return refusal("IncompleteSignatureException", refused.detail, kBadRequest);
    case wire::sigv4::Fault::unknown_key:
      return refusal("UnrecognizedClientException", refused.detail, kForbidden);
    case wire::sigv4::Fault::expired:
    case wire::sigv4::Fault::mismatch:
      break;
  }
  return refusal("InvalidSignatureException", refused.detail, kForbidden);
}

}  // namespace

Guard::Guard(AccessKey key, std::uint16_t port, bool is_exposed, ChannelGuard channels)
    : key_(std::move(key)),
      temporary_keys_(key_.secret),
      port_(port),
      is_exposed_(is_exposed),
      channels_(std::move(channels)) {}

bool Guard::is_own_host(std::string_view host) const {
  constexpr std::uint16_t kPortWithoutMention = 80;
  const std::string port = fmt::format(":{}", port_);
  if (host.ends_with(port)) {
    host.remove_suffix(port.size());
  } else if (port_ != kPortWithoutMention) {
    return false;
  }
  if (equals_ignoring_case(host, "localhost") || host == "127.0.0.1" || host == "[::1]") return true;
  return is_exposed_ && is_address_literal(host);
}

std::optional<ServiceError> Guard::check_sender(const net::HttpRequest& request) const {
  if (net::count_headers(request.headers, "Origin") != 0) {
    return refusal("AccessDeniedException",
                   "Requests with an Origin header come from web pages, which may not call this endpoint.",
                   kForbidden);
  }
  const std::string_view host = net::find_header(request.headers, "Host");
  if (net::count_headers(request.headers, "Host") != 1 || !is_own_host(host)) {
    return refusal("AccessDeniedException",
                   fmt::format("The Host header '{}' does not name this endpoint; call it as 127.0.0.1:{} or "
                               "localhost:{}.",
                               valid_utf8(host), port_, port_),
                   kForbidden);
  }
  return std::nullopt;
}

tl::expected<wire::sigv4::Authorization, ServiceError> Guard::verify(const net::HttpRequest& request,
                                                                     WallTime now) const {
  wire::sigv4::Identity identity{
      .access_key_id = key_.id, .secret_access_key = key_.secret, .session_token = {}};
  std::optional<TemporaryKey> temporary;
  const auto claimed = wire::sigv4::parse_authorization(net::find_header(request.headers, "Authorization"));
  if (claimed && claimed->access_key_id != key_.id) {
    temporary = temporary_keys_.find(claimed->access_key_id,
                                     net::find_header(request.headers, "X-Amz-Security-Token"));
  }
  if (temporary) {
    identity = {.access_key_id = temporary->id,
                .secret_access_key = temporary->secret,
                .session_token = temporary->session_token};
  }
  auto signer = wire::sigv4::verify(
      {.method = request.method, .target = request.target, .headers = request.headers, .body = request.body},
      identity, now);
  if (!signer) return tl::unexpected(signature_refusal(signer.error()));
  if (temporary && temporary->expires_at <= now) {
    return tl::unexpected(refusal("ExpiredTokenException",
                                  "The security token included in the request is expired", kForbidden));
  }
  return std::move(*signer);
}

std::optional<ServiceError> Guard::check_signature(const net::HttpRequest& request,
                                                   std::string_view signing_name, WallTime now) const {
  const auto signer = verify(request, now);
  if (!signer) return signer.error();
  if (signer->service != signing_name) {
    return refusal("InvalidSignatureException",
                   fmt::format("Credential should be scoped to correct service: '{}'.", signing_name),
                   kForbidden);
  }
  return std::nullopt;
}

std::optional<ServiceError> Guard::check_channel(const net::HttpRequest& request, WallTime now) const {
  if (wire::is_presigned(request.target)) {
    return refusal("IncompleteSignatureException",
                   "ferry local takes signatures of data channels in headers only, not in the query.",
                   kForbidden);
  }
  const bool is_signed = net::count_headers(request.headers, "Authorization") != 0;
  if (!is_signed && !channels_.is_required) return std::nullopt;
  if (auto refused = check_signature(request, wire::channel_service, now)) {
    refused->status = kForbidden;
    return refused;
  }
  return check_region(request);
}

std::optional<ServiceError> Guard::check_control(const net::HttpRequest& request, WallTime now) const {
  if (auto refused = check_signature(request, control_service, now)) return refused;
  const auto signer = wire::sigv4::parse_authorization(net::find_header(request.headers, "Authorization"));
  if (signer && signer->access_key_id == key_.id) return check_region(request);
  return refusal("AccessDeniedException",
                 "Temporary keys cannot sign calls of the endpoint's controls; use the key that `ferry local "
                 "env` prints.",
                 kForbidden);
}

// Of a request whose signature has been found right.
std::optional<ServiceError> Guard::check_region(const net::HttpRequest& request) const {
  const auto signer = wire::sigv4::parse_authorization(net::find_header(request.headers, "Authorization"));
  if (signer && signer->region == channels_.region) return std::nullopt;
  return refusal("InvalidSignatureException",
                 fmt::format("Credential should be scoped to a valid region, not '{}'.",
                             signer ? valid_utf8(signer->region) : std::string()),
                 kForbidden);
}

}  // namespace ferry::local
