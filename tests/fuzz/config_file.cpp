// The shared config files on any text: it is refused with a line's number, or read; nested options too.
#include "aws/config_file.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = ferry::aws::parse_config_file(ferry::as_text({data, size}));
  if (!file) {
    if (!file.error().what.starts_with("line ")) std::abort();
    return 0;
  }
  std::size_t kept = 0;
  for (const auto& [name, section] : *file) {
    if (name.empty()) std::abort();
    for (const auto& [option, value] : section) {
      if (option.empty()) std::abort();
      kept += ferry::aws::nested_options(value).size();
    }
  }
  if (kept > size * (file->size() + 1)) std::abort();
  (void)ferry::aws::find_config_section(*file, "profile", "x");
  return 0;
}
