#include "wire/exec_decoder.hpp"

#include <algorithm>
#include <utility>

namespace ferry::wire {
namespace {

constexpr char kMark = '\x1e';
constexpr std::size_t kMaxFrameText = 16;
constexpr std::size_t kMaxPreamble = 1024;

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
  });
}

}  // namespace

ExecDecoder::ExecDecoder(std::string_view nonce) : opening_(std::string(1, kMark) + std::string(nonce)) {}

Bytes ExecDecoder::feed(BytesView bytes) {
  Bytes output;
  output.reserve(bytes.size());
  while (!bytes.empty() && !is_over()) {
    if (held_.empty()) {
      const auto mark = std::ranges::find(bytes, static_cast<std::uint8_t>(kMark));
      const std::size_t plain = static_cast<std::size_t>(mark - bytes.begin());
      emit(bytes.first(plain), output);
      bytes = bytes.subspan(plain);
      if (bytes.empty()) break;
    }
    held_ += static_cast<char>(bytes.front());
    bytes = bytes.subspan(1);
    release_held(output);
  }
  return output;
}

Bytes ExecDecoder::finish() {
  Bytes output;
  if (is_over()) return output;
  emit(as_bytes(held_), output);
  held_.clear();
  if (carriage_return_held_) output.push_back('\r');
  carriage_return_held_ = false;
  return output;
}

// Takes a complete frame, or lets go of as much as can no longer become one.
void ExecDecoder::release_held(Bytes& output) {
  while (!held_.empty()) {
    const Match match = match_held();
    if (match == Match::maybe) return;
    if (match == Match::yes) {
      const std::string_view inside =
          std::string_view(held_).substr(opening_.size(), held_.size() - opening_.size() - 1);
      if (take_frame(inside)) {
        held_.clear();
        if (std::exchange(carriage_return_held_, false)) output.push_back('\r');
        return;
      }
    }
    // No frame: everything up to the next mark inside it is output.
    const std::size_t next = std::min(held_.find(kMark, 1), held_.size());
    emit(as_bytes(std::string_view(held_).substr(0, next)), output);
    held_.erase(0, next);
  }
}

ExecDecoder::Match ExecDecoder::match_held() const {
  const std::size_t common = std::min(held_.size(), opening_.size());
  if (std::string_view(held_).substr(0, common) != std::string_view(opening_).substr(0, common))
    return Match::no;
  if (held_.size() <= opening_.size()) return Match::maybe;
  const std::size_t end = held_.find(kMark, opening_.size());
  if (end != std::string::npos) return Match::yes;
  return held_.size() - opening_.size() <= kMaxFrameText ? Match::maybe : Match::no;
}

bool ExecDecoder::take_frame(std::string_view kind_and_text) {
  if (kind_and_text.size() < 2) return false;
  const char kind = kind_and_text.front();
  const std::string_view text = kind_and_text.substr(1);
  if (!started_) {
    if (kind == '+' && (text == "r" || text == "c")) {
      started_ = true;
      undo_line_ends_ = text == "c";
      return true;
    }
    if (kind == '!' && is_word(text)) {
      missing_tool_ = std::string(text);
      return true;
    }
    return false;
  }
  if (kind != '=' || !is_word(text) || text.size() > 3) return false;
  const std::optional<std::int64_t> code = parse_integer(text);
  if (!code || *code > 255) return false;
  exit_code_ = static_cast<int>(*code);
  return true;
}

void ExecDecoder::emit(BytesView bytes, Bytes& output) {
  if (!started_) {
    const std::size_t room = kMaxPreamble - preamble_.size();
    preamble_ += as_text(bytes.first(std::min(room, bytes.size())));
    return;
  }
  if (!undo_line_ends_) {
    output.insert(output.end(), bytes.begin(), bytes.end());
    return;
  }
  for (const std::uint8_t byte : bytes) {
    if (carriage_return_held_ && byte != '\n') output.push_back('\r');
    carriage_return_held_ = byte == '\r';
    if (!carriage_return_held_) output.push_back(byte);
  }
}

}  // namespace ferry::wire
