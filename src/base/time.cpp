#include "base/time.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace ferry {
namespace {

// Takes `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  const std::string_view number = text.substr(0, digits);
  const auto [end, error] = std::from_chars(number.begin(), number.end(), value);
  if (error != std::errc() || end != number.end() || value < 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char separator) {
  if (!text.starts_with(separator)) return false;
  text.remove_prefix(1);
  return true;
}

milliseconds take_fraction(std::string_view& text) {
  if (!take(text, '.')) return milliseconds(0);
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  int value = 0;
  for (std::size_t place = 0; place < 3; ++place) value = value * 10 + (place < end ? text[place] - '0' : 0);
  text.remove_prefix(end);
  return milliseconds(value);
}

std::optional<std::chrono::minutes> take_zone(std::string_view text) {
  if (text == "Z" || text == "z" || text == "UTC") return std::chrono::minutes(0);
  const bool is_west = text.starts_with('-');
  if (!is_west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  const std::optional<int> hours = take_number(text, 2);
  take(text, ':');
  const std::optional<int> minutes = take_number(text, 2);
  if (!hours || !minutes || !text.empty()) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return is_west ? -offset : offset;
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const auto year = take_number(text, 4);
  const bool has_month = take(text, '-');
  const auto month = take_number(text, 2);
  const bool has_day = take(text, '-');
  const auto day = take_number(text, 2);
  const bool has_time = take(text, 'T') || take(text, ' ');
  const auto hour = take_number(text, 2);
  const bool has_minute = take(text, ':');
  const auto minute = take_number(text, 2);
  const bool has_second = take(text, ':');
  const auto second = take_number(text, 2);
  if (!has_month || !has_day || !has_time || !has_minute || !has_second) return std::nullopt;
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const milliseconds fraction = take_fraction(text);
  const auto zone = take_zone(text);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!zone || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second) + fraction - *zone;
}

WallTime wall_time(double seconds_since_1970) {
  return WallTime(milliseconds(std::llround(seconds_since_1970 * 1000)));
}

std::string rfc3339(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::size_t kWeekdayLength = 5;  // "Mon, "
  if (text.size() < kWeekdayLength) return std::nullopt;
  text.remove_prefix(kWeekdayLength);
  const auto day = take_number(text, 2);
  const bool has_month = take(text, ' ');
  const std::size_t month = text.size() < 3 ? std::string_view::npos : kMonths.find(text.substr(0, 3));
  if (!day || !has_month || month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  text.remove_prefix(3);
  const bool has_year = take(text, ' ');
  const auto year = take_number(text, 4);
  const bool has_time = take(text, ' ');
  const auto hour = take_number(text, 2);
  const bool has_minute = take(text, ':');
  const auto minute = take_number(text, 2);
  const bool has_second = take(text, ':');
  const auto second = take_number(text, 2);
  if (!has_year || !year || !has_time || !hour || !has_minute || !minute || !has_second || !second ||
      text != " GMT" || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second);
}

}  // namespace ferry
