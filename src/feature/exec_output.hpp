// Where the output of a remote command goes: our standard streams, a caller's functions, or the result.
// Owns what the readers have not taken yet; bounded by OutputStream::kFull a stream and one piece, where
// output is captured by the limit. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "feature/exec_session.hpp"
#include "feature/output_stream.hpp"
#include "net/loop.hpp"
#include "wire/exec_decoder.hpp"

#include <functional>
#include <optional>

namespace ferry::feature {

// Line ends as a terminal makes them (CR LF), back to LF. Pure; holds back at most one byte.
class TerminalLineEnds {
 public:
  Bytes feed(BytesView bytes);
  Bytes finish();

 private:
  bool carriage_return_held_ = false;
};

class ExecOutput {
 public:
  // `on_room` is called when neither stream is full any more; `on_failure` when a reader has gone;
  // `on_excess` once, when more came than is kept.
  ExecOutput(net::Loop& loop, const ExecOptions& options, std::function<void()> on_room,
             std::function<void(Failure)> on_failure, std::function<void()> on_excess);
  ExecOutput(const ExecOutput&) = delete;
  ExecOutput& operator=(const ExecOutput&) = delete;

  // Spawns what writes. `group` ends before this object.
  void start(net::TaskGroup& group);
  void put(wire::OutputStreamKind kind, BytesView bytes);
  [[nodiscard]] bool is_full() const;
  // Nothing more will be put.
  void finish();
  // Set after finish(), once everything is written or cannot be.
  [[nodiscard]] net::Event& written() { return written_; }

  // What was captured; nothing where output went elsewhere.
  [[nodiscard]] std::optional<Bytes> take(wire::OutputStreamKind kind);

 private:
  struct Channel {
    std::optional<OutputStream> stream;
    std::function<void(BytesView)> function;
    std::optional<Bytes> captured;
    std::string* text = nullptr;  // likewise, the caller's
    bool is_gone = false;         // its reader: what still comes is dropped
  };
  void open(Channel& channel, const OutputSink& sink, bool capture);
  BytesView kept(BytesView bytes);
  net::Task<> write(Channel& channel, std::string_view name);
  [[nodiscard]] Channel& channel(wire::OutputStreamKind kind);

  net::Loop& loop_;
  std::function<void()> on_room_;
  std::function<void(Failure)> on_failure_;
  std::function<void()> on_excess_;
  std::size_t capture_room_;
  Channel output_, error_;
  int open_streams_ = 0;
  bool is_finished_ = false;
  net::Event written_;
};

}  // namespace ferry::feature
