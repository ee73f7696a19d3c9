#include "net/network.hpp"

#include <utility>

namespace ferry::net {

Result<Network> Network::load(const std::string& ca_bundle, ProxyRules proxies) {
  Result<TlsTrust> trust = TlsTrust::load(ca_bundle);
  if (!trust) return fail(trust.error());
  return Network{.trust = std::move(*trust), .proxies = std::move(proxies)};
}

}  // namespace ferry::net
