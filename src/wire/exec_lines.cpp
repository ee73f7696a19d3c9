#include "wire/exec_lines.hpp"

#include "wire/agent_message.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <ranges>
#include <utility>

#include <fmt/format.h>

namespace ferry::wire {
namespace {

// With its number a line of a chunk fills a message, and is far below what a terminal takes as a line. Whole
// groups of three, so that the lines of a chunk are one base64 text.
constexpr std::size_t kBase64BytesPerLine = 750;
constexpr std::size_t kOctalBytesPerLine = 250;

constexpr std::string_view kEnd = ".";
constexpr std::string_view kAlive = "w\n";

std::string octal_escapes(BytesView bytes) {
  std::string text;
  text.reserve(bytes.size() * 4);
  for (const std::uint8_t byte : bytes) fmt::format_to(std::back_inserter(text), "\\{:03o}", byte);
  return text;
}

}  // namespace

std::string exec_word::signal(std::string_view name) {
  return fmt::format("k{}", name);
}

ExecLines::ExecLines(ExecLineTimes times) : times_(times) {}

void ExecLines::send_program(const ExecPlan& plan, bool is_echoing) {
  is_echoing_ = is_echoing;
  assert(kept_.empty() && first_ == 0);
  ExecProgram program = exec_program(plan);
  kept_.push_back({.text = std::move(program.loader) + "\n"});
  for (const std::string& line : program.lines) keep(line);
  is_numbered_ = !plan.terminal;
  if (plan.terminal) kept_.push_back({.text = "\n", .goes_alone = true});
}

void ExecLines::send(std::string_view word) {
  // What waits for a confirmation is traffic enough, and an answer each would pile up behind output that
  // nobody takes.
  if (word == exec_word::ping && (!kept_.empty() || !urgent_.empty())) return;
  urgent_.emplace_back(word);
}

// Without a number: it may come twice, and needs no answer.
void ExecLines::send_alive() {
  if (std::ranges::find(bytes_, kAlive) == bytes_.end()) bytes_.emplace_back(kAlive);
}

void ExecLines::send_bytes(std::string bytes) {
  bytes_.push_back(std::move(bytes));
}

bool ExecLines::has_room() const {
  return chunks_out_ < window_;
}

void ExecLines::send_chunk(BytesView bytes) {
  assert(has_room() && !bytes.empty() && bytes.size() <= kMaxInputChunk);
  ++chunks_out_;
  const std::size_t per_line = has_base64_ ? kBase64BytesPerLine : kOctalBytesPerLine;
  std::vector<std::string> lines{
      fmt::format("i{},{}", (bytes.size() + per_line - 1) / per_line, bytes.size())};
  for (std::size_t at = 0; at < bytes.size(); at += per_line) {
    const BytesView piece = bytes.subspan(at, std::min(per_line, bytes.size() - at));
    lines.push_back(has_base64_ ? base64(piece) : octal_escapes(piece));
  }
  input_.push_back(std::move(lines));
}

void ExecLines::send_end_of_input() {
  input_.push_back({std::string(kEnd)});
}

void ExecLines::started(const ExecTier& tier, Instant now) {
  has_base64_ = tier.has_base64;
  window_ = tier.input_window;
  has_started_ = true;
  // The program begins with its last line, so it has all of them.
  received(first_ + kept_.size(), now);
}

void ExecLines::received(std::uint64_t below, Instant now) {
  if (first_ >= below || ever_sent_ == 0) return;
  while (first_ < below && ever_sent_ > 0) {
    kept_.pop_front();
    ++first_;
    --ever_sent_;
    sent_ -= std::min<std::size_t>(sent_, 1);
  }
  rearm(now);
}

void ExecLines::wanted(std::uint64_t from, Instant now) {
  received(from, now);
  if (from == first_) sent_ = 0;
}

void ExecLines::taken() {
  chunks_out_ -= std::min<std::size_t>(chunks_out_, 1);
}

std::optional<std::string> ExecLines::poll_message(Instant now) {
  if (!bytes_.empty()) {
    std::string bytes = std::move(bytes_.front());
    bytes_.pop_front();
    return bytes;
  }
  std::string message;
  while (sent_ < kept_.size() || keep_waiting()) {
    const Line& line = kept_.at(sent_);
    if (!message.empty() && (line.goes_alone || message.size() + line.text.size() > max_stream_payload_bytes))
      break;
    message += line.text;
    ++sent_;
  }
  if (message.empty()) return std::nullopt;
  last_sent_ = now;
  if (sent_ > ever_sent_) {
    ever_sent_ = sent_;
    rearm(now);
  }
  return message;
}

void ExecLines::hold() {
  is_held_ = true;
}

void ExecLines::release(Instant now) {
  if (std::exchange(is_held_, false)) rearm(now);
}

void ExecLines::tick(Instant now) {
  const std::optional<Instant> due = deadline();
  if (!due || now < *due) return;
  if (now >= waiting_since_ + times_.give_up_after) {
    has_given_up_ = true;
  } else {
    last_sent_ = now;
    sent_ = 0;
  }
}

std::optional<Instant> ExecLines::deadline() const {
  if (is_held_ || has_given_up_ || !is_numbered_ || is_echoing_ || ever_sent_ == 0) return std::nullopt;
  return std::min(waiting_since_ + times_.give_up_after, last_sent_ + times_.resend_after);
}

void ExecLines::keep(std::string_view text, char separator) {
  kept_.push_back({.text = fmt::format("{}{}{}\n", first_ + kept_.size(), separator, text)});
}

// The lines of a chunk stay together: what goes ahead of them, or behind, does so as a whole.
bool ExecLines::keep_waiting() {
  if (!has_started_ || !is_numbered_) return false;
  if (urgent_.empty() && !input_.empty() && input_.front().front() == kEnd && chunks_out_ > 0) return false;
  if (!urgent_.empty()) {
    keep(urgent_.front());
    urgent_.pop_front();
    return true;
  }
  if (input_.empty()) return false;
  // What follows the first line is data.
  keep(input_.front().front());
  for (const std::string& data : input_.front() | std::views::drop(1)) keep(data, ':');
  input_.pop_front();
  return true;
}

void ExecLines::rearm(Instant now) {
  waiting_since_ = last_sent_ = now;
}

}  // namespace ferry::wire
