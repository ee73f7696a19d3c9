#include "feature/output_stream.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10U;  // to a write

}  // namespace

OutputStream::OutputStream(net::Loop& loop, int fd, std::function<void()> on_room)
    : descriptor_(loop, fd),
      changed_(loop),
      progress_(loop),
      room_(loop),
      failed_(loop),
      on_room_(std::move(on_room)) {
  room_.set();
}

void OutputStream::put(BytesView bytes) {
  if (!failure_ || bytes.empty()) return;
  if (written_ > bytes_.size() / 2)
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(std::exchange(written_, 0)));
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  is_line_open_ = bytes.back() != '\n';
  if (is_full()) room_.reset();
  changed_.set();
}

net::Task<> OutputStream::room() {
  return room_.wait();
}

net::Task<bool> OutputStream::room_until(Instant deadline) {
  return room_.wait_until(deadline);
}

void OutputStream::between_lines(std::function<void()> speak) {
  speakers_.push_back(std::move(speak));
  if (is_between_lines() || speakers_.size() > kMostSpeakers) this->speak();
}

bool OutputStream::is_between_lines() const {
  return !failure_ || !is_within_line_;
}

void OutputStream::speak() {
  while (!speakers_.empty()) {
    const std::function<void()> speak = std::move(speakers_.front());
    speakers_.pop_front();
    speak();
  }
}

void OutputStream::end_line() {
  if (is_line_open_) put(as_bytes("\n"));
}

void OutputStream::finish() {
  is_finished_ = true;
  changed_.set();
}

void OutputStream::give_up() {
  if (!failure_) return;
  Failure failure;
  failure.code = FailureCode::lost;
  failure.what = fmt::format("the reader takes nothing: {} bytes and what would follow them were not written",
                             waiting());
  stop(std::move(failure));
}

void OutputStream::stop(Failure failure) {
  failure_ = fail(std::move(failure));
  failed_.set();
  bytes_.clear();
  written_ = 0;
  speak();
  moved();
}

void OutputStream::moved() {
  progress_.set();
  if (is_full()) return;
  room_.set();
  on_room_();
}

net::Task<> OutputStream::watch_reader() {
  co_await descriptor_.wait_for_closed_reader();
  if (!failure_) co_return;
  Failure failure;
  failure.code = FailureCode::lost;
  failure.what = "cannot write: the reader has closed";
  stop(std::move(failure));
}

// Who waits for a line's end speaks behind the first one.
BytesView OutputStream::next_piece() const {
  const BytesView rest = BytesView(bytes_).subspan(written_);
  const BytesView piece = rest.first(std::min(rest.size(), kPiece));
  if (speakers_.empty()) return piece;
  const auto end = std::ranges::find(piece, std::uint8_t{'\n'});
  return end == piece.end() ? piece : piece.first(static_cast<std::size_t>(end - piece.begin()) + 1);
}

net::Task<Result<>> OutputStream::run() {
  while (failure_) {
    if (waiting() == 0) {
      bytes_.clear();
      written_ = 0;
      if (is_finished_ && !speakers_.empty() && is_line_open_) {
        end_line();
        continue;
      }
      if (is_finished_) break;
      changed_.reset();
      co_await changed_.wait();
      continue;
    }
    // A piece of its own: what is put meanwhile moves the bytes.
    const BytesView next = next_piece();
    const Bytes piece(next.begin(), next.end());
    const Result<std::size_t> count = co_await descriptor_.write_some(piece);
    if (!failure_) break;
    if (!count) {
      stop(count.error());
      break;
    }
    written_ += *count;
    taken_ += *count;
    if (*count > 0) is_within_line_ = piece[*count - 1] != '\n';
    if (is_between_lines()) speak();
    moved();
  }
  co_return failure_;
}

}  // namespace ferry::feature
