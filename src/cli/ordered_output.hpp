// What several commands have brought, on stdout and stderr in the order in which it is put: on a terminal the
// two are one. Does not block the loop where a reader is slow. Owns what is not written yet: at most what the
// results hold that were put. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "net/descriptor.hpp"
#include "net/loop.hpp"

#include <deque>

namespace ferry::cli {

class OrderedOutput {
 public:
  explicit OrderedOutput(net::Loop& loop);

  void to_stdout(Bytes bytes);
  void to_stderr(Bytes bytes);

  // Until it is cancelled.
  net::Task<> write();
  // Until all that was put is written, or cannot be.
  net::Task<> written() { return idle_.wait(); }
  // Whether stdout took everything.
  [[nodiscard]] const Result<>& failure() const { return failure_; }

 private:
  struct Piece {
    bool is_for_stdout;
    Bytes bytes;
  };
  void put(Piece piece);

  net::Descriptor output_, error_;
  net::Event changed_, idle_;
  std::deque<Piece> pieces_;
  Result<> failure_;
};

}  // namespace ferry::cli
