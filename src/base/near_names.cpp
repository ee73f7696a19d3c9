#include "base/near_names.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace ferry {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kMostNames = 1'000;
constexpr std::size_t kMostNear = 3;
constexpr std::size_t kMostEdits = 5;
// Shorter ones are part of almost everything.
constexpr std::size_t kLeastPart = 3;

std::string comparable(std::string_view name) {
  return to_lower(name.substr(0, kLongestName));
}

// Of texts that are comparable already.
std::size_t distance_of(std::string_view a, std::string_view b) {
  std::array<std::size_t, kLongestName + 1> before_last{};
  std::array<std::size_t, kLongestName + 1> last{};
  std::array<std::size_t, kLongestName + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

bool is_part(std::string_view part, std::string_view whole) {
  return part.size() >= kLeastPart && whole.find(part) != std::string_view::npos;
}

// The lower, the nearer; nothing for a name that is not near.
std::optional<std::size_t> farness(std::string_view wanted, std::string_view name) {
  const std::size_t length = std::max(wanted.size(), name.size());
  const std::size_t most = std::min(kMostEdits, std::max<std::size_t>(1, length / 3));
  const std::size_t longer_by = length - std::min(wanted.size(), name.size());
  if (longer_by <= most) {
    const std::size_t distance = distance_of(wanted, name);
    // All of a very short name changed is another name.
    if (distance <= most && distance < std::min(wanted.size(), name.size())) return distance;
  }
  if (is_part(wanted, name) || is_part(name, wanted)) return kMostEdits + longer_by;
  return std::nullopt;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  return distance_of(comparable(a), comparable(b));
}

std::vector<std::string> near_names(std::string_view wanted, std::span<const std::string> names) {
  const std::span<const std::string> looked_at = names.first(std::min(names.size(), kMostNames));
  if (std::ranges::find(looked_at, wanted) != looked_at.end()) return {};
  const std::string text = comparable(wanted);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : looked_at) {
    const std::optional<std::size_t> far = farness(text, comparable(name));
    if (far) near.emplace_back(*far, name);
  }
  std::ranges::sort(near);
  const auto repeated = std::ranges::unique(near);
  near.erase(repeated.begin(), repeated.end());
  std::vector<std::string> nearest;
  for (std::size_t i = 0; i < std::min(near.size(), kMostNear); ++i)
    nearest.push_back(std::move(near[i].second));
  return nearest;
}

std::string did_you_mean(std::string_view wanted, std::span<const std::string> names) {
  const std::vector<std::string> near = near_names(wanted, names);
  if (near.empty()) return {};
  if (near.size() == 1) return fmt::format("did you mean {}?", near.front());
  const std::span<const std::string> all_but_last = std::span(near).first(near.size() - 1);
  return fmt::format("did you mean {} or {}?", join(all_but_last, ", "), near.back());
}

Failure with_near_names(Failure failure, std::string_view wanted, std::span<const std::string> names) {
  std::string question = did_you_mean(wanted, names);
  if (question.empty()) return failure;
  failure.hint = failure.hint.empty() ? std::move(question) : fmt::format("{} {}", question, failure.hint);
  return failure;
}

}  // namespace ferry
