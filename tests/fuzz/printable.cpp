// Foreign text of any bytes: what is shown of it holds nothing that acts on a terminal, is UTF-8, is bounded
// and stays what it is; JSON keeps its value.
#include "base/printable.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

namespace {

void expect(bool is_so) {
  if (!is_so) std::abort();
}

// No control character but the line end, and none of C1, which is C2 80 to C2 9F.
void expect_harmless(const std::string& text) {
  expect(ferry::is_valid_utf8(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    expect(byte == '\n' || (byte >= ' ' && byte != 0x7F));
    if (byte == 0xC2) expect(static_cast<std::uint8_t>(text.at(i + 1)) >= 0xA0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ferry::as_text({data, size});
  const std::string line = ferry::printable(text);
  expect_harmless(line);
  expect(line.find('\n') == std::string::npos && line.size() <= 6 * size && ferry::printable(line) == line);
  const std::string lines = ferry::printable_lines(text);
  expect_harmless(lines);
  expect(ferry::printable_lines(lines) == lines);

  constexpr std::size_t kMost = 100;
  const std::string cut = ferry::shortened(text, kMost);
  expect(cut.size() <= kMost && ferry::shortened(cut, kMost) == cut);
  if (!ferry::is_valid_utf8(text)) return 0;
  expect(ferry::is_valid_utf8(cut));
  const std::string json =
      ferry::printable_json(boost::json::serialize(boost::json::value(boost::json::string(text))));
  expect_harmless(json);
  expect(boost::json::parse(json).as_string() == text);
  return 0;
}
