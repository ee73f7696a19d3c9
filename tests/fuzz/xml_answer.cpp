// XML answers on any text: refused, or one element's name.
#include "aws/xml_answer.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = ferry::aws::parse_xml_answer(ferry::as_text({data, size}));
  if (answer && answer->size() != 1) std::abort();
  return 0;
}
