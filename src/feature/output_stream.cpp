#include "feature/output_stream.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10U;  // to a write

}  // namespace

OutputStream::OutputStream(net::Loop& loop, int fd, std::function<void()> on_room)
    : descriptor_(loop, fd), changed_(loop), progress_(loop), room_(loop), on_room_(std::move(on_room)) {
  room_.set();
}

void OutputStream::put(BytesView bytes) {
  if (!failure_ || bytes.empty()) return;
  if (written_ > bytes_.size() / 2)
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(std::exchange(written_, 0)));
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  if (is_full()) room_.reset();
  changed_.set();
}

net::Task<> OutputStream::room() {
  return room_.wait();
}

net::Task<bool> OutputStream::room_until(Instant deadline) {
  return room_.wait_until(deadline);
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
  bytes_.clear();
  written_ = 0;
  moved();
}

void OutputStream::moved() {
  progress_.set();
  if (is_full()) return;
  room_.set();
  on_room_();
}

net::Task<Result<>> OutputStream::run() {
  while (failure_) {
    if (waiting() == 0) {
      bytes_.clear();
      written_ = 0;
      if (is_finished_) break;
      changed_.reset();
      co_await changed_.wait();
      continue;
    }
    // A piece of its own: what is put meanwhile moves the bytes.
    const BytesView rest = BytesView(bytes_).subspan(written_);
    const BytesView next = rest.first(std::min(rest.size(), kPiece));
    const Bytes piece(next.begin(), next.end());
    const Result<std::size_t> count = co_await descriptor_.write_some(piece);
    if (!failure_) break;
    if (!count) {
      stop(count.error());
      break;
    }
    written_ += *count;
    taken_ += *count;
    moved();
  }
  co_return failure_;
}

}  // namespace ferry::feature
