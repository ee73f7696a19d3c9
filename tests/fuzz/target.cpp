// The target grammar on any text: it refuses, or what it understood is complete.
#include "feature/target.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto target = ferry::feature::parse_target(ferry::as_text({data, size}), "home");
  if (target && (target->name.empty() || target->cluster.empty())) std::abort();
  if (!target && target.error().hint.empty()) std::abort();
  return 0;
}
