#include "local/tasks/line_splitter.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace ferry::local {
namespace {

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// How many bytes a character has that begins with `lead`; 1 for what begins none.
std::size_t character_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0U && byte < 0xF8U) return 4;
  if (byte >= 0xE0U && byte < 0xF0U) return 3;
  if (byte >= 0xC2U && byte < 0xE0U) return 2;
  return 1;
}

// How many bytes at the end of `text` are the beginning of a character that may go on.
std::size_t unfinished_tail(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const char byte = text[text.size() - back];
    if (continues_character(byte)) continue;
    return character_length(byte) > back ? back : 0;
  }
  return 0;
}

}  // namespace

void LineSplitter::take(std::string_view raw, std::vector<std::string>& events) const {
  const std::string text = valid_utf8(raw);  // may be longer than `raw`
  std::string_view rest = text;
  while (rest.size() > limit_) {
    std::size_t cut = limit_;
    while (continues_character(rest[cut])) --cut;
    events.emplace_back(rest.substr(0, cut));
    rest.remove_prefix(cut);
  }
  if (!rest.empty()) events.emplace_back(rest);
}

std::vector<std::string> LineSplitter::feed(std::string_view bytes) {
  std::vector<std::string> events;
  while (!bytes.empty()) {
    const std::size_t room = limit_ - line_.size();
    const std::size_t line_end = bytes.substr(0, room + 1).find('\n');
    if (line_end != std::string_view::npos) {
      line_.append(bytes.substr(0, line_end));
      take(line_, events);
      line_.clear();
      bytes.remove_prefix(line_end + 1);
      continue;
    }
    const std::size_t taken = std::min(room, bytes.size());
    line_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (bytes.empty()) break;  // a full line still waits for its line feed
    const std::size_t kept = unfinished_tail(line_);
    take(std::string_view(line_).substr(0, line_.size() - kept), events);
    line_.erase(0, line_.size() - kept);
  }
  return events;
}

std::vector<std::string> LineSplitter::finish() {
  std::vector<std::string> events;
  take(line_, events);
  line_.clear();
  return events;
}

}  // namespace ferry::local
