#include "base/size.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace ferry {
namespace {

struct Unit {
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array kUnits{Unit{"GiB", std::size_t{1} << 30U}, Unit{"MiB", std::size_t{1} << 20U},
                            Unit{"KiB", std::size_t{1} << 10U}};
constexpr std::size_t kTooMuch = std::size_t{1} << 40U;

}  // namespace

std::optional<std::size_t> parse_size(std::string_view text) {
  const auto* const digits_end = std::ranges::find_if_not(text, [](char c) { return c >= '0' && c <= '9'; });
  const std::string_view number(text.begin(), digits_end);
  const std::string_view name(digits_end, text.end());
  std::size_t factor = 1;
  if (!name.empty()) {
    const auto* const unit =
        std::ranges::find_if(kUnits, [name](const Unit& u) { return equals_ignoring_case(u.name, name); });
    if (unit == kUnits.end()) return std::nullopt;
    factor = unit->bytes;
  }
  const std::optional<std::int64_t> count = parse_integer(number);
  if (!count || *count <= 0 || static_cast<std::size_t>(*count) > (kTooMuch - 1) / factor)
    return std::nullopt;
  return static_cast<std::size_t>(*count) * factor;
}

std::string size_text(std::size_t bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0)
      return fmt::format("{} {}", bytes / unit.bytes, unit.name);
  }
  return fmt::format("{} bytes", bytes);
}

}  // namespace ferry
