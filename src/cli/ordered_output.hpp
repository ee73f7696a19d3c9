// What several commands have brought, on stdout and stderr in the order in which it is put: on a terminal the
// two are one. Does not block the loop where a reader is slow; keeps at most feature::OutputStream::kFull
// bytes and a piece that it was not given yet. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "feature/output_stream.hpp"
#include "net/loop.hpp"

namespace ferry::cli {

class OrderedOutput {
 public:
  explicit OrderedOutput(net::Loop& loop);

  // Until all of it is written, or cannot be. Once `end_asked`, which outlives the call, is set, a reader is
  // waited for only as feature::wait_for_reader() allows.
  net::Task<> to_stdout(Bytes bytes, net::Event& end_asked);
  net::Task<> to_stderr(Bytes bytes, net::Event& end_asked);

  // Spawns what writes; it is cancelled before this object goes.
  void write_into(net::TaskGroup& group);
  // Whether stdout took everything.
  [[nodiscard]] Result<> failure() const;

 private:
  net::Task<> put(feature::OutputStream& stream, Bytes bytes, net::Event& end_asked);
  net::Task<> write(feature::OutputStream& stream);

  net::Loop& loop_;
  feature::OutputStream output_, error_;
};

}  // namespace ferry::cli
