// How this process reaches others: whose certificates it trusts and which proxies it goes through.
// Made once and shared by all connections; it must outlive them. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "net/proxy.hpp"
#include "net/tls.hpp"

#include <string>

namespace ferry::net {

struct Network {
  TlsTrust trust;
  ProxyRules proxies;

  // `ca_bundle` as TlsTrust::load() takes it.
  static Result<Network> load(const std::string& ca_bundle, ProxyRules proxies);
};

}  // namespace ferry::net
