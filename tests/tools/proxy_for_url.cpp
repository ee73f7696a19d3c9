// For tests/e2e/test_network.py: which proxy each URL of the command line goes through, as this process's
// environment has it. One line each: "none", or "http://host:port authorization".
#include "net/proxy.hpp"
#include "sys/environment.hpp"

#include <iostream>

int main(int argc, char** argv) {
  const auto rules = ferry::net::ProxyRules::from_environment(ferry::sys::environment_variable);
  for (int i = 1; i < argc; ++i) {
    const auto url = ferry::net::parse_url(argv[i]);
    if (!url) return 2;
    const auto proxy = rules.proxy_for(*url);
    if (!proxy) return 1;
    if (!*proxy) {
      std::cout << "none\n";
      continue;
    }
    std::cout << ((*proxy)->is_secure ? "https://" : "http://") << (*proxy)->name() << " "
              << (*proxy)->authorization << "\n";
  }
  return 0;
}
