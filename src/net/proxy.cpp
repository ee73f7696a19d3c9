#include "net/proxy.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::net {
namespace {

std::string variable(const ProxyRules::Lookup& environment, const std::string& lower_name,
                     std::string_view upper_name) {
  if (const auto value = environment(lower_name)) return *value;
  return environment(upper_name).value_or("");
}

// %41 is A; a % that begins no such thing stands for itself.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? from_hex(to_lower(text.substr(i + 1, 2))) : std::nullopt;
    if (byte && byte->size() == 1) {
      decoded += static_cast<char>(byte->front());
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// user:password, as a URL has it.
std::string basic_authorization(std::string_view user_information) {
  const std::size_t colon = std::min(user_information.find(':'), user_information.size());
  const std::string_view password =
      colon < user_information.size() ? user_information.substr(colon + 1) : std::string_view();
  const std::string plain =
      fmt::format("{}:{}", percent_decoded(user_information.substr(0, colon)), percent_decoded(password));
  return fmt::format("Basic {}", base64(as_bytes(plain)));
}

// "proxy:3128" and "//proxy:3128" mean http.
Result<Proxy> parse_proxy(std::string_view text, std::string_view variable_name) {
  Proxy proxy;
  proxy.is_secure = text.starts_with("https://");
  for (const std::string_view beginning : {"https://", "http://", "//"}) {
    if (text.starts_with(beginning)) {
      text.remove_prefix(beginning.size());
      break;
    }
  }
  text = text.substr(0, text.find('/'));
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    proxy.authorization = basic_authorization(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  Result<Url> url = parse_url(fmt::format("{}://{}/", proxy.is_secure ? "https" : "http", text));
  if (!url) return fail(url.error().in(fmt::format("the proxy in {}", variable_name)));
  proxy.host = std::move(url->host);
  proxy.port = url->port;
  return proxy;
}

}  // namespace

std::string Proxy::name() const {
  return host_and_port(host, port);
}

ProxyRules ProxyRules::from_environment(const Lookup& environment) {
  ProxyRules rules;
  rules.https_ = variable(environment, "https_proxy", "HTTPS_PROXY");
  const bool is_cgi_program = environment("REQUEST_METHOD").has_value();
  rules.http_ = variable(environment, "http_proxy", is_cgi_program ? "" : "HTTP_PROXY");
  const std::string exempt = variable(environment, "no_proxy", "NO_PROXY");
  rules.exempts_all_ = exempt == "*";
  for (std::string_view host : split(exempt, ',')) {
    host = trim(host);
    while (host.starts_with('.')) host.remove_prefix(1);
    if (!host.empty()) rules.exempt_.push_back(to_lower(host));
  }
  return rules;
}

bool ProxyRules::is_exempt(const Url& url) const {
  if (exempts_all_) return true;
  const std::string with_port = url.authority();
  const std::string bare = with_port.substr(
      0, url.host.find(':') == std::string::npos ? with_port.find(':') : with_port.find(']') + 1);
  return std::ranges::any_of(exempt_, [&](const std::string& host) {
    const std::string below = "." + host;
    return bare == host || with_port == host || bare.ends_with(below) || with_port.ends_with(below);
  });
}

Result<std::optional<Proxy>> ProxyRules::proxy_for(const Url& url) const {
  const std::string& text = url.is_secure() ? https_ : http_;
  if (text.empty() || is_exempt(url)) return std::optional<Proxy>();
  Result<Proxy> proxy = parse_proxy(text, url.is_secure() ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (!proxy) return fail(proxy.error());
  return std::optional<Proxy>(std::move(*proxy));
}

}  // namespace ferry::net
