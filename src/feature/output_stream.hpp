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
#include <deque>
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

  // Calls `speak` where what was written ends with a line's end: at once, or between two lines, or behind the
  // last byte of all, to which a line's end is then added. Also after a failure: at once. In the order of the
  // calls; at most kMostSpeakers wait, one more speaks at once.
  void between_lines(std::function<void()> speak);
  static constexpr std::size_t kMostSpeakers = 100;
  // A line's end, where the last byte that was put is none.
  void end_line();

  // Nothing more will be put.
  void finish();
  // The rest is not written; a failure from now on.
  void give_up();

  // Writes until finish() and the last byte; after give_up() it is cancelled. A reader that has gone is a
  // `lost` failure.
  net::Task<Result<>> run();

  // For a stream that nobody else ends where its reader goes: fails it then, also while nothing is to be
  // written. Until that, or until it is cancelled.
  net::Task<> watch_reader();
  // Set with the failure.
  [[nodiscard]] net::Event& failed() { return failed_; }
  // Why not everything was, or will be, written.
  [[nodiscard]] const Result<>& failure() const { return failure_; }

 private:
  void stop(Failure failure);
  void moved();
  void speak();
  [[nodiscard]] bool is_between_lines() const;
  [[nodiscard]] BytesView next_piece() const;

  net::Descriptor descriptor_;
  net::Event changed_, progress_, room_, failed_;
  std::function<void()> on_room_;
  Bytes bytes_;
  std::size_t written_ = 0;  // of bytes_
  std::uint64_t taken_ = 0;
  std::deque<std::function<void()>> speakers_;
  bool is_line_open_ = false;    // the last byte that was put is no line's end
  bool is_within_line_ = false;  // the last one that was written is none
  Result<> failure_;
  bool is_finished_ = false;
};

}  // namespace ferry::feature
