#include "local/agent/utf8_border.hpp"

#include <algorithm>

namespace ferry::local {

namespace {

std::size_t character_length(std::uint8_t first) {
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 1;
}

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xC0U) == 0x80U;
}

}  // namespace

std::size_t up_to_unfinished_character(BytesView bytes) {
  constexpr std::size_t longest_begun = 3;
  for (std::size_t back = 1; back <= std::min(bytes.size(), longest_begun); ++back) {
    const std::uint8_t byte = bytes[bytes.size() - back];
    if (is_continuation(byte)) continue;
    return character_length(byte) > back ? bytes.size() - back : bytes.size();
  }
  return bytes.size();
}

}  // namespace ferry::local
