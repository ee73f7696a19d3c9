#include "cli/ordered_output.hpp"

#include <unistd.h>
#include <utility>

namespace ferry::cli {

OrderedOutput::OrderedOutput(net::Loop& loop)
    : output_(loop, STDOUT_FILENO), error_(loop, STDERR_FILENO), changed_(loop), idle_(loop) {
  idle_.set();
}

void OrderedOutput::to_stdout(Bytes bytes) {
  put({.is_for_stdout = true, .bytes = std::move(bytes)});
}

void OrderedOutput::to_stderr(Bytes bytes) {
  put({.is_for_stdout = false, .bytes = std::move(bytes)});
}

void OrderedOutput::put(Piece piece) {
  if (piece.bytes.empty()) return;
  pieces_.push_back(std::move(piece));
  idle_.reset();
  changed_.set();
}

// Nobody can be told of a stderr that cannot be written.
net::Task<> OrderedOutput::write() {
  while (true) {
    if (pieces_.empty()) {
      idle_.set();
      changed_.reset();
      co_await changed_.wait();
      continue;
    }
    const Piece piece = std::move(pieces_.front());
    pieces_.pop_front();
    if (!piece.is_for_stdout) {
      co_await error_.write(piece.bytes);
    } else if (failure_) {
      const Result<> written = co_await output_.write(piece.bytes);
      if (!written) failure_ = fail(written.error().in("standard output"));
    }
  }
}

}  // namespace ferry::cli
