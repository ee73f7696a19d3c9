// Decompression of gzip data, by zlib. Pure, thread-safe.
#pragma once

#include "base/text.hpp"

#include <cstddef>
#include <optional>

namespace ferry::wire {

// The bytes of one gzip member; nothing where the data is damaged, cut, followed by more, or larger than
// `most_bytes`.
std::optional<Bytes> inflate_gzip(BytesView data, std::size_t most_bytes);

}  // namespace ferry::wire
