// Finds in a second reading of a log stream what the first one did not bring, sans-IO.
//
// GetLogEvents' forward token can step past an event that is ingested late with an older timestamp, and its
// events carry no id; FilterLogEvents gives each event an id. So the first reading is counted by what its
// events say, and the second is matched against that, each of its ids once.
//
// Bounded, however long the stream: only the `most` youngest events (by timestamp) of the first reading are
// remembered, about 60 bytes each. Where older ones had to be forgotten, the second reading begins behind
// them: nothing is shown twice, and an event that came late and is older than all that are remembered stays
// unseen (is_whole() is false then). Of the second reading the last `most` ids are remembered: the pages that
// overlap follow each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace ferry::wire {

class LogMerge {
 public:
  static constexpr std::size_t kMost = 65'536;

  // `most`: at least 1.
  explicit LogMerge(std::size_t most = kMost) : most_(most) {}

  // An event of the first reading.
  void seen(std::int64_t timestamp_ms, std::string_view message);

  // The first reading is remembered to its beginning.
  [[nodiscard]] bool is_whole() const { return !forgotten_until_; }
  // The first millisecond that the second reading has to bring; nothing where is_whole().
  [[nodiscard]] std::optional<std::int64_t> begin() const;

  // An event of the second reading, which may bring an id twice where its pages overlap: true where the first
  // did not have it. Several events of one millisecond and text count one by one. False of what is older than
  // begin().
  bool is_new(std::string_view id, std::int64_t timestamp_ms, std::string_view message);

 private:
  using Event = std::pair<std::int64_t, std::uint64_t>;  // timestamp, what it says

  [[nodiscard]] bool is_forgotten(std::int64_t timestamp_ms) const;
  bool is_first(std::string_view id);

  std::size_t most_;
  std::multiset<Event> events_;  // of the first reading, what is not matched yet
  std::optional<std::int64_t> forgotten_until_;
  std::unordered_set<std::uint64_t> ids_;  // of the second
  std::deque<std::uint64_t> ids_in_order_;
};

}  // namespace ferry::wire
