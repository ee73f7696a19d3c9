// Bytes on their way to one of our own streams, or a caller's descriptor: of a session, of a log.
// Owns the bytes that the reader has not taken yet; pushes back once there are more than kFull. What comes
// after a failure is dropped. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "net/descriptor.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <cstdint>
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
  [[nodiscard]] bool is_full() const { return waiting() > kFull; }
  // Bytes that the reader has not taken yet.
  [[nodiscard]] std::size_t waiting() const { return bytes_.size() - written_; }
  // Bytes that the reader has taken so far.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  // Until it is not full.
  net::Task<> room();
  net::Task<bool> room_until(Instant deadline);  // false where the deadline came first
  // Set when the reader has taken something, or will take nothing more; whoever waits resets it.
  [[nodiscard]] net::Event& progress() { return progress_; }

  // Nothing more will be put.
  void finish();
  // The rest is not written; a failure from now on.
  void give_up();

  // Writes until finish() and the last byte; after give_up() it is cancelled. A reader that has gone is a
  // `lost` failure.
  net::Task<Result<>> run();

  // Why not everything was, or will be, written.
  [[nodiscard]] const Result<>& failure() const { return failure_; }

 private:
  void stop(Failure failure);
  void moved();

  net::Descriptor descriptor_;
  net::Event changed_, progress_, room_;
  std::function<void()> on_room_;
  Bytes bytes_;
  std::size_t written_ = 0;  // of bytes_
  std::uint64_t taken_ = 0;
  Result<> failure_;
  bool is_finished_ = false;
};

}  // namespace ferry::feature
