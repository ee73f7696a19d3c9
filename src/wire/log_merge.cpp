#include "wire/log_merge.hpp"

#include <functional>

namespace ferry::wire {
namespace {

std::uint64_t fingerprint(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

}  // namespace

bool LogMerge::is_forgotten(std::int64_t timestamp_ms) const {
  return forgotten_until_ && timestamp_ms <= *forgotten_until_;
}

void LogMerge::seen(std::int64_t timestamp_ms, std::string_view message) {
  if (is_forgotten(timestamp_ms)) return;
  events_.emplace(timestamp_ms, fingerprint(message));
  if (events_.size() <= most_) return;
  // A whole millisecond at a time: of a part of one nobody could say which events it was.
  forgotten_until_ = events_.begin()->first;
  while (!events_.empty() && events_.begin()->first == *forgotten_until_) events_.erase(events_.begin());
}

std::optional<std::int64_t> LogMerge::begin() const {
  return forgotten_until_ ? std::optional(*forgotten_until_ + 1) : std::nullopt;
}

bool LogMerge::is_first(std::string_view id) {
  const std::uint64_t print = fingerprint(id);
  if (!ids_.insert(print).second) return false;
  ids_in_order_.push_back(print);
  if (ids_in_order_.size() > most_) {
    ids_.erase(ids_in_order_.front());
    ids_in_order_.pop_front();
  }
  return true;
}

bool LogMerge::is_new(std::string_view id, std::int64_t timestamp_ms, std::string_view message) {
  if (is_forgotten(timestamp_ms) || !is_first(id)) return false;
  const auto matched = events_.find({timestamp_ms, fingerprint(message)});
  if (matched == events_.end()) return true;
  events_.erase(matched);
  return false;
}

}  // namespace ferry::wire
