// A UUID as 16 bytes and as text. Pure, thread-safe; new ones are made from bytes that the caller draws.
#pragma once

#include "base/text.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::wire {

using Uuid = std::array<std::uint8_t, 16>;

// Gives a fresh UUID at each call; the cores take it from outside, so that a test can repeat a run.
using UuidSource = std::function<Uuid()>;

// Version 4, from 16 random bytes (any other count is our bug).
Uuid uuid_from_random(BytesView random);

// Lower case with hyphens.
std::string uuid_text(const Uuid& uuid);
// Accepts upper case; nothing but 8-4-4-4-12 digits.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace ferry::wire
