#include "wire/uuid.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace ferry::wire {

namespace {

constexpr std::size_t text_length = 36;

bool is_hyphen_position(std::size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

}  // namespace

Uuid uuid_from_random(BytesView random) {
  Uuid uuid{};
  assert(random.size() == uuid.size());
  std::ranges::copy(random.first(uuid.size()), uuid.begin());
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0fU) | 0x40U);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3fU) | 0x80U);
  return uuid;
}

std::string uuid_text(const Uuid& uuid) {
  std::string text = hex(uuid);
  for (const std::size_t index : {8U, 13U, 18U, 23U}) text.insert(index, 1, '-');
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != text_length) return std::nullopt;
  std::string digits;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (!is_hyphen_position(index)) {
      digits.push_back(text[index]);
    } else if (text[index] != '-') {
      return std::nullopt;
    }
  }
  const std::optional<Bytes> bytes = from_hex(digits);
  Uuid uuid{};
  if (!bytes || bytes->size() != uuid.size()) return std::nullopt;
  std::ranges::copy(*bytes, uuid.begin());
  return uuid;
}

}  // namespace ferry::wire
