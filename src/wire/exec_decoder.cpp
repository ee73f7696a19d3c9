#include "wire/exec_decoder.hpp"

#include "wire/inflate.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace ferry::wire {
namespace {

constexpr char kMark = '\x1e';
constexpr std::string_view kReady =
    "\x1e"
    "ferry1";
constexpr std::size_t kNonceHalf = 16;
constexpr std::size_t kMaxFrame = std::size_t{128} << 10U;
constexpr std::size_t kMaxChunk = std::size_t{64} << 10U;
constexpr std::size_t kInputWindow = 3;
constexpr std::size_t kMaxPreamble = 1024;
constexpr std::size_t kMaxCodeDigits = 3;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<Bytes> from_wrapped_base64(std::string_view text) {
  std::string dense;
  dense.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(dense), [](char c) { return c != '\n' && c != '\r'; });
  return from_base64(dense);
}

// Groups of three octal digits between blanks and line ends, as od prints bytes.
std::optional<Bytes> from_octal(std::string_view text) {
  Bytes bytes;
  int digits = 0;
  int value = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '7') {
      value = value * 8 + (c - '0');
      if (++digits > 3 || value > 255) return std::nullopt;
    } else if (c != ' ' && c != '\n' && c != '\r') {
      return std::nullopt;
    }
    if (digits != 3) continue;
    bytes.push_back(static_cast<std::uint8_t>(value));
    digits = value = 0;
  }
  if (digits != 0) return std::nullopt;
  return bytes;
}

std::optional<Bytes> decode_chunk(char coding, std::string_view text) {
  if (coding == 'x') return from_octal(text);
  std::optional<Bytes> bytes = from_wrapped_base64(text);
  if (bytes && coding == 'z') return inflate_gzip(*bytes, kMaxChunk);
  return bytes;
}

std::string without_inserted_returns(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_inserted = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (!is_inserted) result += text[at];
  }
  return result;
}

}  // namespace

Bytes ExecDecoder::Stream::feed(BytesView bytes) {
  Bytes certain;
  if (exit_code_) return certain;
  held_ += as_text(bytes);
  std::size_t from = 0;
  while (true) {
    const std::size_t at = held_.find(marker_[0], from);
    if (at == std::string::npos) {
      from = held_.size();
      break;
    }
    from = at;
    const std::string_view rest = std::string_view(held_).substr(at);
    const std::size_t common = std::min(rest.size(), marker_.size());
    if (rest.substr(0, common) != std::string_view(marker_).substr(0, common)) {
      ++from;
      continue;
    }
    if (rest.size() <= marker_.size()) break;
    const std::string_view code = rest.substr(marker_.size());
    const std::size_t digits =
        static_cast<std::size_t>(std::ranges::find_if_not(code, is_digit) - code.begin());
    if (digits == code.size() && digits <= kMaxCodeDigits) break;
    const std::optional<std::int64_t> value = parse_integer(code.substr(0, digits));
    if (digits <= kMaxCodeDigits && code[digits] == ';' && value && *value <= 255) {
      exit_code_ = static_cast<int>(*value);
      break;
    }
    ++from;
  }
  certain.assign(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(from));
  held_.erase(0, exit_code_ ? held_.size() : from);
  return certain;
}

Bytes ExecDecoder::Stream::finish() {
  return to_bytes(std::exchange(held_, {}));
}

ExecDecoder::ExecDecoder(std::string_view nonce, bool exact)
    : opening_(kReady),
      nonce_(nonce),
      is_exact_(exact),
      output_(nonce_.substr(kNonceHalf)),
      error_(nonce_.substr(kNonceHalf)) {
  assert(nonce.size() > kNonceHalf);
}

void ExecDecoder::feed(BytesView bytes) {
  while (!bytes.empty() && phase_ != Phase::over) {
    const auto mark = std::ranges::find(bytes, static_cast<std::uint8_t>(kMark));
    const std::size_t plain = static_cast<std::size_t>(mark - bytes.begin());
    if (held_.empty()) {
      take_plain(bytes.first(plain));
      bytes = bytes.subspan(plain);
      if (bytes.empty()) return;
      held_ += kMark;
      bytes = bytes.subspan(1);
    } else {
      // A frame of ours goes on to its mark; anything else shows soon that it is none.
      const std::size_t count = std::min(plain + 1, bytes.size());
      held_ += as_text(bytes.first(count));
      bytes = bytes.subspan(count);
      take_held();
    }
  }
}

bool ExecDecoder::may_become_frame() const {
  const std::size_t common = std::min(held_.size(), opening_.size());
  return std::string_view(held_).substr(0, common) == std::string_view(opening_).substr(0, common);
}

// Takes a whole frame, or lets go of as much as can no longer become one.
void ExecDecoder::take_held() {
  while (!held_.empty() && phase_ != Phase::over) {
    const bool is_whole = held_.size() > 1 && held_.find(kMark, 1) == held_.size() - 1;
    if (may_become_frame() && held_.size() > opening_.size()) {
      if (held_.size() > kMaxFrame) return damage("a frame is longer than any that the program prints");
      if (!is_whole && held_.find(kMark, 1) == std::string::npos) return;
      const std::string text = held_.substr(opening_.size(), held_.find(kMark, 1) - opening_.size());
      if (take_frame(text)) {
        held_.clear();
        return;
      }
    } else if (may_become_frame()) {
      return;
    }
    const std::size_t next = std::min(held_.find(kMark, 1), held_.size());
    const std::string plain = held_.substr(0, next);
    held_.erase(0, next);
    take_plain(as_bytes(plain));
  }
}

bool ExecDecoder::take_frame(std::string_view text) {
  if (phase_ == Phase::waiting) {
    if (text != "r" && text != "c") return false;
    undo_line_ends_ = text == "c";
    phase_ = Phase::preparing;
    opening_ = kMark + nonce_.substr(0, kNonceHalf);
    events_.emplace_back(exec_event::Ready{.is_echoing = undo_line_ends_});
    return true;
  }
  if (phase_ == Phase::preparing) {
    if (text.starts_with('+')) {
      start(text.substr(1));
    } else if (text.starts_with('!')) {
      phase_ = Phase::over;
      events_.emplace_back(exec_event::Refused{.missing_tool = std::string(text.substr(1))});
    } else {
      damage("the program's first frame is none that it prints");
    }
    return true;
  }
  if (text == "c") {
    events_.emplace_back(exec_event::InputTaken{});
  } else if (text == "x") {
    events_.emplace_back(exec_event::InputClosed{});
  } else if (!take_number(text) && !take_chunk(text)) {
    damage("a frame of the output cannot be read");
  }
  return true;
}

void ExecDecoder::start(std::string_view text) {
  phase_ = Phase::running;
  ExecTier tier;
  const std::size_t colon = std::min(text.find(':'), text.size());
  for (const char flag : text.substr(0, colon)) {
    if (flag == 't' || flag == 'm') tier.is_merged = true;
    if (flag == 't') undo_line_ends_ = false;  // the terminal is the user's own
    if (flag == 'b') tier.has_base64 = true;
    if (flag == 'w') tier.input_window = kInputWindow;
    if (flag == 'q') tier.is_quiet = true;
  }
  if (colon + 1 < text.size()) {
    for (const std::string_view tool : split(text.substr(colon + 1), ','))
      tier.missing_tools.emplace_back(tool);
  }
  is_merged_ = tier.is_merged;
  events_.emplace_back(exec_event::Started{.tier = std::move(tier)});
}

// r or n, and the number of a line.
bool ExecDecoder::take_number(std::string_view text) {
  if (!text.starts_with('r') && !text.starts_with('n')) return false;
  const std::optional<std::int64_t> number = parse_integer(text.substr(1));
  if (!number || *number < 0) return false;
  const auto line = static_cast<std::uint64_t>(*number);
  if (text.starts_with('r')) {
    events_.emplace_back(exec_event::Received{.below = line});
  } else {
    events_.emplace_back(exec_event::Wanted{.from = line});
  }
  return true;
}

// STREAM CODING TEXT: a piece of the command's output.
bool ExecDecoder::take_chunk(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'o' && text[0] != 'e')) return false;
  const auto kind = text[0] == 'o' ? OutputStreamKind::standard_output : OutputStreamKind::standard_error;
  const char coding = text[1];
  text.remove_prefix(2);
  if (coding == 't') {
    put(kind, as_bytes(undo_line_ends_ ? without_inserted_returns(text) : std::string(text)));
    return true;
  }
  if (coding != 'b' && coding != 'z' && coding != 'x') return false;
  const std::optional<Bytes> bytes = decode_chunk(coding, text);
  if (!bytes) return false;
  put(kind, *bytes);
  return true;
}

void ExecDecoder::take_plain(BytesView bytes) {
  if (phase_ == Phase::over || bytes.empty()) return;
  if (phase_ != Phase::running) {
    preamble_ += as_text(bytes.first(std::min(kMaxPreamble - preamble_.size(), bytes.size())));
    return;
  }
  // With exact framing output is in frames only: the rest was written to the terminal behind our back. So it
  // is where the terminal echoes.
  if ((is_exact_ || undo_line_ends_) && !is_merged_) return;
  if (!undo_line_ends_) return put(OutputStreamKind::standard_output, bytes);
  Bytes plain;
  for (const std::uint8_t byte : bytes) {
    if (carriage_return_held_ && byte != '\n') plain.push_back('\r');
    carriage_return_held_ = byte == '\r';
    if (!carriage_return_held_) plain.push_back(byte);
  }
  put(OutputStreamKind::standard_output, plain);
}

void ExecDecoder::put(OutputStreamKind kind, BytesView bytes) {
  Stream& stream = kind == OutputStreamKind::standard_output ? output_ : error_;
  tell_output(kind, stream.feed(bytes));
  tell_end();
}

void ExecDecoder::tell_output(OutputStreamKind kind, Bytes bytes) {
  if (bytes.empty()) return;
  events_.emplace_back(exec_event::Output{.stream = kind, .bytes = std::move(bytes)});
}

void ExecDecoder::tell_end() {
  if (phase_ != Phase::running || !output_.exit_code()) return;
  if (!is_merged_ && !error_.exit_code()) return;
  if (!is_merged_ && output_.exit_code() != error_.exit_code()) {
    return damage("the two output streams end with different exit codes");
  }
  phase_ = Phase::over;
  events_.emplace_back(exec_event::Ended{.exit_code = *output_.exit_code()});
}

void ExecDecoder::damage(std::string what) {
  phase_ = Phase::over;
  events_.emplace_back(exec_event::Damaged{.what = std::move(what)});
}

void ExecDecoder::finish() {
  if (phase_ == Phase::over) return;
  // A frame of ours that was cut is none of the command's output.
  const bool is_cut_frame = held_.size() > opening_.size() && may_become_frame();
  const std::string held = std::exchange(held_, {});
  if (!is_cut_frame) take_plain(as_bytes(held));
  if (phase_ != Phase::running) return;
  if (std::exchange(carriage_return_held_, false)) put(OutputStreamKind::standard_output, as_bytes("\r"));
  tell_output(OutputStreamKind::standard_output, output_.finish());
  tell_output(OutputStreamKind::standard_error, error_.finish());
  phase_ = Phase::over;
}

std::optional<ExecEvent> ExecDecoder::poll_event() {
  if (events_.empty()) return std::nullopt;
  ExecEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace ferry::wire
