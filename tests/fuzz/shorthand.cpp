// The AWS CLI's shorthand, from anyone's command line: refused or read, never a crash.
#include "feature/run/shorthand.hpp"

#include "feature/run/network_configuration.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  static_cast<void>(ferry::feature::parse_shorthand(text));
  static_cast<void>(ferry::feature::parse_network_configuration(std::string(text)));
  return 0;
}
