// Cuts a container's output into log events as the awslogs driver does: one event a line, without its line
// feed; a line longer than the limit becomes several events, cut between characters; bytes that are not UTF-8
// become U+FFFD; empty lines make no event, since the service takes none. Sans-IO.
// Owns the line that has not ended yet; bounded by the limit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::local {

// PutLogEvents takes 256 KiB for an event, of which it counts 26 bytes as its own.
inline constexpr std::size_t kMaxEventBytes = (256U << 10U) - 26U;

class LineSplitter {
 public:
  // `limit` in bytes, at least 4 so that every character fits.
  explicit LineSplitter(std::size_t limit = kMaxEventBytes) : limit_(limit) {}

  // The events that end in `bytes`.
  std::vector<std::string> feed(std::string_view bytes);
  // The events of a last line without a line feed.
  std::vector<std::string> finish();

 private:
  void take(std::string_view raw, std::vector<std::string>& events) const;

  std::size_t limit_;
  std::string line_;
};

}  // namespace ferry::local
