#include "wire/log_merge.hpp"

#include <functional>

namespace ferry::wire {
namespace {

std::uint64_t fingerprint(std::int64_t timestamp_ms, std::string_view message) {
  constexpr std::uint64_t kOddMultiplier = 0x9e3779b97f4a7c15U;
  return std::hash<std::string_view>()(message) ^ (static_cast<std::uint64_t>(timestamp_ms) * kOddMultiplier);
}

}  // namespace

void LogMerge::seen(std::int64_t timestamp_ms, std::string_view message) {
  ++counts_[fingerprint(timestamp_ms, message)];
}

bool LogMerge::is_new(std::string_view id, std::int64_t timestamp_ms, std::string_view message) {
  if (!ids_.emplace(id).second) return false;
  const auto count = counts_.find(fingerprint(timestamp_ms, message));
  if (count == counts_.end() || count->second == 0) return true;
  --count->second;
  return false;
}

}  // namespace ferry::wire
