#include "base/printable.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace ferry {
namespace {

struct Range {
  char32_t first, last;
};

// Controls, line and paragraph separators, and what Unicode calls "default ignorable" or gives the category
// Cf and no glyph, but for the variation selectors, which choose how an emoji or an ideograph looks
// (UnicodeData and DerivedCoreProperties, 15.0). In order.
constexpr std::array<Range, 20> kUnseen{
    {{0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},
     {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
     {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
     {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF}, {0xE01F0, 0xE0FFF}}};

bool is_unseen(char32_t code_point) {
  const auto* range = std::ranges::lower_bound(kUnseen, code_point, {}, &Range::last);
  return range != kUnseen.end() && code_point >= range->first;
}

// The bytes of the character that `text` begins with, 0 where it begins with none.
std::size_t character_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<std::uint8_t>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return text.size() >= length && is_valid_utf8(text.substr(0, length)) ? length : 0;
}

// A piece of text: one character, or one byte that belongs to none.
struct Piece {
  std::string_view bytes;
  std::optional<char32_t> code_point;
};

Piece first_piece(std::string_view text) {
  const std::size_t length = character_length(text);
  if (length == 0) return {.bytes = text.substr(0, 1), .code_point = std::nullopt};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  constexpr std::array<unsigned, 5> kBitsOfFirst{0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t code_point = byte(0) & kBitsOfFirst.at(length);
  for (std::size_t i = 1; i < length; ++i) code_point = code_point << 6U | (byte(i) & 0x3FU);
  return {.bytes = text.substr(0, length), .code_point = code_point};
}

std::string escape_of(char32_t code_point) {
  const auto value = static_cast<std::uint32_t>(code_point);
  if (value < 0x10000) return fmt::format("\\u{:04x}", value);
  const std::uint32_t rest = value - 0x10000;  // RFC 8259, 7: a surrogate pair
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800U + (rest >> 10U), 0xDC00U + (rest & 0x3FFU));
}

template <class Show>
std::string shown(std::string_view text, Show show) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Piece piece = first_piece(text);
    show(result, piece);
    text.remove_prefix(piece.bytes.size());
  }
  return result;
}

void show_piece(std::string& result, const Piece& piece) {
  if (!piece.code_point) {
    result += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(piece.bytes.front()));
  } else if (is_unseen(*piece.code_point)) {
    result += escape_of(*piece.code_point);
  } else {
    result += piece.bytes;
  }
}

// Where the character begins that has a byte at `at`; `at` itself where none has.
std::size_t character_begin(std::string_view text, std::size_t at) {
  constexpr std::size_t kMostBefore = 3;
  for (std::size_t before = 1; before <= std::min(kMostBefore, at); ++before)
    if (character_length(text.substr(at - before)) > before) return at - before;
  return at;
}

}  // namespace

std::string printable(std::string_view text) {
  return shown(text, [](std::string& result, const Piece& piece) {
    const bool is_blank = piece.code_point == U'\n' || piece.code_point == U'\r' || piece.code_point == U'\t';
    if (is_blank) {
      result += ' ';
    } else {
      show_piece(result, piece);
    }
  });
}

std::string printable_lines(std::string_view text) {
  return shown(text, [](std::string& result, const Piece& piece) {
    if (piece.code_point == U'\n') {
      result += '\n';
    } else {
      show_piece(result, piece);
    }
  });
}

std::string shortened(std::string_view text, std::size_t most) {
  constexpr std::size_t kMark = 40;  // of "... (N more) ..." at its longest
  if (text.size() <= most) return std::string(text);
  const std::size_t of_end = (most - kMark) / 4;
  const std::size_t first_end = character_begin(text, most - kMark - of_end);
  std::size_t last_begin = text.size() - of_end;
  while (last_begin < text.size() && character_begin(text, last_begin) != last_begin) ++last_begin;
  return fmt::format("{}... ({} more) ...{}", text.substr(0, first_end), last_begin - first_end,
                     text.substr(last_begin));
}

std::string printable_json(std::string_view json) {
  return shown(json, [](std::string& result, const Piece& piece) {
    if (!piece.code_point) {
      result += "\xEF\xBF\xBD";
    } else if (piece.code_point != U'\n' && is_unseen(*piece.code_point)) {
      result += escape_of(*piece.code_point);
    } else {
      result += piece.bytes;
    }
  });
}

}  // namespace ferry
