// Finds in a second reading of a log stream what the first one did not bring, sans-IO.
//
// GetLogEvents' forward token can step past an event that is ingested late with an older timestamp, and its
// events carry no id; FilterLogEvents gives each event an id. So the first reading is counted by what its
// events say, and the second is matched against that, each of its ids once.
// Bounded by the stream: about 50 bytes for each event of either reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace ferry::wire {

class LogMerge {
 public:
  // An event of the first reading.
  void seen(std::int64_t timestamp_ms, std::string_view message);

  // An event of the second reading, which may bring an id twice where its pages overlap: true where the first
  // did not have it. Several events of one millisecond and text count one by one.
  bool is_new(std::string_view id, std::int64_t timestamp_ms, std::string_view message);

 private:
  std::unordered_map<std::uint64_t, std::size_t> counts_;  // of the first reading, what is not matched yet
  std::unordered_set<std::string> ids_;
};

}  // namespace ferry::wire
