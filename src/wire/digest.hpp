// SHA-256 and HMAC-SHA-256 of bytes in memory. Pure, thread-safe.
#pragma once

#include "base/text.hpp"

#include <array>
#include <cstdint>

namespace ferry::wire {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(BytesView bytes);
Digest hmac_sha256(BytesView key, BytesView bytes);

}  // namespace ferry::wire
