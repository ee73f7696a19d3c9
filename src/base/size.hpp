// Amounts of bytes as people write them. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ferry {

// "4096", "512KiB", "64MiB", "2GiB", upper or lower case; nothing for other text, for 0 and for 1 TiB and
// more.
std::optional<std::size_t> parse_size(std::string_view text);

// The same the other way round, in the largest unit of which it is a whole number: "64 MiB", "1000 bytes".
std::string size_text(std::size_t bytes);

}  // namespace ferry
