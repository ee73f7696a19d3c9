// Quoting and splitting: any words come back, and any text is split or refused.
#include "wire/command_line.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ferry::as_text({data, size});
  const auto split = ferry::wire::split_command_line(text);
  if (!split && split.error().what.empty()) std::abort();
  std::vector<std::string> words;
  for (const std::string_view word : ferry::split(text, '\n')) words.emplace_back(word);
  const std::string line = ferry::wire::quote_command_line(words);
  const auto back = ferry::wire::split_command_line(line);
  if (!back || *back != words || line.find("{{") != std::string::npos) std::abort();
  return 0;
}
