// Small operations on text that the standard library lacks. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

// Views of the same memory; the result lives as long as the argument's storage.
BytesView as_bytes(std::string_view text);
std::string_view as_text(BytesView bytes);
Bytes to_bytes(std::string_view text);

// Without ASCII blanks, tabs and line ends at both ends.
std::string_view trim(std::string_view text);

// The pieces between separators; an empty text has one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);

std::string join(std::span<const std::string> pieces, std::string_view separator);

// ASCII only.
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool contains_ignoring_case(std::string_view text, std::string_view words);

// Lower-case hexadecimal.
std::string hex(BytesView bytes);
std::optional<Bytes> from_hex(std::string_view text);

// RFC 4648 with padding; decoding refuses anything but the alphabet, correct length and padding.
std::string base64(BytesView bytes);
std::optional<Bytes> from_base64(std::string_view text);

// The whole text as a decimal number: no blanks, no sign but '-', no rest.
std::optional<std::int64_t> parse_integer(std::string_view text);

// `text` with every byte sequence that is not valid UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);
bool is_valid_utf8(std::string_view text);

// Equal in a time that depends on the lengths only: for secrets and signatures.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ferry
