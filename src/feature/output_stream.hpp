// Bytes of a session on their way to one of our own standard streams.
// Owns the bytes that the reader has not taken yet; pushes back once there are more than kFull.
// The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "net/descriptor.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <functional>

namespace ferry::feature {

class OutputStream {
 public:
  static constexpr std::size_t kFull = std::size_t{256} << 10U;

  // `on_room` is called when the bytes waiting have become few again after is_full().
  OutputStream(net::Loop& loop, int fd, std::function<void()> on_room);
  OutputStream(const OutputStream&) = delete;
  OutputStream& operator=(const OutputStream&) = delete;

  void put(BytesView bytes);
  [[nodiscard]] bool is_full() const { return waiting_.size() > kFull; }
  // Nothing more will be put.
  void finish();

  // Writes until finish() and the last byte. A reader that has gone is a `lost` failure.
  net::Task<Result<>> run();

 private:
  net::Descriptor descriptor_;
  net::Event changed_;
  std::function<void()> on_room_;
  Bytes waiting_;
  bool is_finished_ = false;
};

}  // namespace ferry::feature
