// Where a stream of text can be cut without cutting a character. Pure, thread-safe.
#pragma once

#include "base/text.hpp"

#include <cstddef>

namespace ferry::local {

// How many of the bytes come before a character that is only begun at their end (at most 3 bytes of it).
// Bytes that are no UTF-8 are never held back.
std::size_t up_to_unfinished_character(BytesView bytes);

}  // namespace ferry::local
