#include "local/door/guard.hpp"

#include "base/text.hpp"
#include "wire/sigv4.hpp"

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

Guard::Guard(AccessKey key, std::uint16_t port, bool is_exposed)
    : key_(std::move(key)), port_(port), is_exposed_(is_exposed) {}

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

std::optional<ServiceError> Guard::check_signature(const net::HttpRequest& request,
                                                   std::string_view signing_name, WallTime now) const {
  const auto signer = wire::sigv4::verify(
      {.method = request.method, .target = request.target, .headers = request.headers, .body = request.body},
      {.access_key_id = key_.id, .secret_access_key = key_.secret, .session_token = {}}, now);
  if (!signer) return signature_refusal(signer.error());
  if (signer->service != signing_name) {
    return refusal("InvalidSignatureException",
                   fmt::format("Credential should be scoped to correct service: '{}'.", signing_name),
                   kForbidden);
  }
  return std::nullopt;
}

std::optional<ServiceError> Guard::check_bearer(const net::HttpRequest& request) const {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = net::find_header(request.headers, "Authorization");
  if (given.starts_with(kScheme) && equal_in_constant_time(given.substr(kScheme.size()), key_.secret)) {
    return std::nullopt;
  }
  return refusal("AccessDeniedException",
                 "This path wants the header 'Authorization: Bearer SECRET' with the secret access key that "
                 "`ferry local env` prints.",
                 kForbidden);
}

}  // namespace ferry::local
