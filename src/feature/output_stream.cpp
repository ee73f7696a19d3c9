#include "feature/output_stream.hpp"

#include <utility>

namespace ferry::feature {

OutputStream::OutputStream(net::Loop& loop, int fd, std::function<void()> on_room)
    : descriptor_(loop, fd), changed_(loop), on_room_(std::move(on_room)) {}

void OutputStream::put(BytesView bytes) {
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  changed_.set();
}

void OutputStream::finish() {
  is_finished_ = true;
  changed_.set();
}

net::Task<Result<>> OutputStream::run() {
  while (true) {
    if (waiting_.empty()) {
      if (is_finished_) co_return Result<>();
      changed_.reset();
      co_await changed_.wait();
      continue;
    }
    const Bytes bytes = std::exchange(waiting_, {});
    Result<> written = co_await descriptor_.write(bytes);
    if (!written) co_return written;
    if (!is_full()) on_room_();
  }
}

}  // namespace ferry::feature
