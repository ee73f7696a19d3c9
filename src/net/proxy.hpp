// Which HTTP proxy a connection goes through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY by the rules of Python's
// urllib, which are botocore's and so the AWS CLI's. Pure; failures never quote a password.
#pragma once

#include "base/result.hpp"
#include "net/url.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::net {

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  bool is_secure = false;     // spoken to over TLS
  std::string authorization;  // of the Proxy-Authorization header; empty where the URL names no user

  [[nodiscard]] std::string name() const;  // "host:port"
};

class ProxyRules {
 public:
  // The value of an environment variable, or nothing where it is not set.
  using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

  ProxyRules() = default;  // no proxy for anything
  // The name in lower case wins; set and empty, it switches off the one in upper case. HTTP_PROXY does not
  // count beside REQUEST_METHOD: in a CGI program a client could have set it.
  static ProxyRules from_environment(const Lookup& environment);

  // http and ws ask for HTTP_PROXY, https and wss for HTTPS_PROXY. NO_PROXY is `*`, or hosts by comma: each
  // stands for itself and all below it, with its port for that port only. No host is exempt by itself, not
  // even this machine. Failure usage: the proxy's URL is none.
  [[nodiscard]] Result<std::optional<Proxy>> proxy_for(const Url& url) const;

 private:
  [[nodiscard]] bool is_exempt(const Url& url) const;

  std::string http_, https_;
  bool exempts_all_ = false;
  std::vector<std::string> exempt_;  // lower case, without leading dots
};

}  // namespace ferry::net
