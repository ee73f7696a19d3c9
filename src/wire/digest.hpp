// SHA-256, HMAC-SHA-256 and SHA-1 of bytes in memory. Pure, thread-safe.
#pragma once

#include "base/text.hpp"

#include <array>
#include <cstdint>

namespace ferry::wire {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(BytesView bytes);
// For names of files only, where other programs look for them under it.
std::array<std::uint8_t, 20> sha1(BytesView bytes);
Digest hmac_sha256(BytesView key, BytesView bytes);

}  // namespace ferry::wire
