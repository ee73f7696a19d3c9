#include "net/url.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace ferry::net {
namespace {

std::optional<std::uint16_t> default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return std::nullopt;
}

// What a URL may hold unescaped: no blank, no control character, nothing beyond ASCII.
bool is_printable(char c) {
  return c > ' ' && c < '\x7f';
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_address_character(char c) {
  return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

// A URL may carry a token in its query, so an error quotes no more than what comes before it.
tl::unexpected<Failure> refuse(std::string_view text, std::string_view reason) {
  std::string shown(text.substr(0, std::min<std::size_t>(text.find('?'), 200)));
  std::ranges::replace_if(shown, [](char c) { return !is_printable(c); }, '?');
  if (shown.find('@') != std::string::npos) shown = shown.substr(0, shown.find("://") + 3) + "...";
  return fail(FailureCode::usage, fmt::format("not a usable URL \"{}\": {}", shown, reason),
              "give an absolute URL such as https://host:port/path");
}

Result<std::uint16_t> parse_port(std::string_view url, std::string_view digits) {
  const std::optional<std::int64_t> number = parse_integer(digits);
  if (!number || *number < 1 || *number > 65535) return refuse(url, "the port must be 1 to 65535");
  return static_cast<std::uint16_t>(*number);
}

}  // namespace

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  if (port != default_port(scheme)) text += fmt::format(":{}", port);
  return text;
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<Url> parse_url(std::string_view text) {
  if (!std::ranges::all_of(text, is_printable)) {
    return refuse(text, "blanks and control characters must be escaped");
  }
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return refuse(text, "no scheme");
  Url url;
  url.scheme = to_lower(text.substr(0, scheme_end));
  const std::optional<std::uint16_t> scheme_port = default_port(url.scheme);
  if (!scheme_port) return refuse(text, "the scheme must be http, https, ws or wss");
  url.port = *scheme_port;

  if (text.find('#') != std::string_view::npos) return refuse(text, "a fragment makes no sense here");
  const std::string_view rest = text.substr(scheme_end + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  if (authority.find('@') != std::string_view::npos) return refuse(text, "user information is not taken");

  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return refuse(text, "the bracket of the address is not closed");
    url.host = to_lower(authority.substr(1, bracket - 1));
    if (url.host.find(':') == std::string::npos || !std::ranges::all_of(url.host, is_address_character)) {
      return refuse(text, "brackets are for IPv6 addresses");
    }
    authority.remove_prefix(bracket + 1);
    if (!authority.empty() && !authority.starts_with(':')) return refuse(text, "text after the address");
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = to_lower(authority.substr(0, colon));
    if (url.host.empty()) return refuse(text, "no host");
    if (!std::ranges::all_of(url.host, is_host_character)) return refuse(text, "the host is not a name");
    authority.remove_prefix(colon);
  }
  if (!authority.empty()) {
    const Result<std::uint16_t> port = parse_port(text, authority.substr(1));
    if (!port) return fail(port.error());
    url.port = *port;
  }

  const std::string_view target = rest.substr(authority_end);
  if (target.starts_with('/')) {
    url.target = target;
  } else {
    url.target = fmt::format("/{}", target);
  }
  return url;
}

}  // namespace ferry::net
