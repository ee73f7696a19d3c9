#include "sys/random.hpp"

#include <cstdint>
#include <cstdlib>
#include <limits>

#include <openssl/rand.h>

namespace ferry::sys {

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

std::string random_hex(std::size_t byte_count) {
  return hex(random_bytes(byte_count));
}

std::string random_uuid() {
  Bytes bytes = random_bytes(16);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
  std::string text = hex(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

double random_chance() {
  std::uint32_t number = 0;
  for (const std::uint8_t byte : random_bytes(sizeof number)) number = number << 8U | byte;
  return number / (static_cast<double>(std::numeric_limits<std::uint32_t>::max()) + 1.0);
}

}  // namespace ferry::sys
