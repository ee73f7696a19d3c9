// Takes an exec session's bytes apart again: frames of the program (wire/exec_wrapper.hpp) and the output of
// the command. docs/exec-framing.md is normative for the frames.
//
// Owns what may still turn out to be a frame and the events that were not polled; bounded by the longest
// frame (128 KiB) and the bytes fed since. Pure; not thread-safe.
#pragma once

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ferry::wire {

enum class OutputStreamKind { standard_output, standard_error };

// What the image allowed.
struct ExecTier {
  bool is_merged = false;                  // both streams come as standard output
  bool has_base64 = false;                 // for chunks of input
  std::size_t input_window = 1;            // chunks of input that may be with the program and not read
  bool is_quiet = false;                   // the terminal echoes nothing: control lines may be sent
  std::vector<std::string> missing_tools;  // why it is merged, or why input is refused
};

namespace exec_event {
struct Ready {
  bool is_echoing = false;  // what is typed in comes back: nothing may be sent twice
};  // send exec_program() now
struct Started {
  ExecTier tier;
};
struct Refused {
  std::string missing_tool;  // the command is not started: input needs this, and the image lacks it
};
struct Output {
  OutputStreamKind stream = OutputStreamKind::standard_output;
  Bytes bytes;
};
struct Received {
  std::uint64_t below = 0;  // the program has each line with a lower number
};
struct Wanted {
  std::uint64_t from = 0;  // it has none from here on, though later ones have come
};
struct InputTaken {};   // the command has read a chunk more
struct InputClosed {};  // the command reads no more
struct Ended {
  int exit_code = 0;  // all that the command wrote has been told
};
struct Damaged {
  std::string what;  // a frame of ours was not whole: the result can no longer be trusted
};
}  // namespace exec_event

using ExecEvent =
    std::variant<exec_event::Ready, exec_event::Started, exec_event::Refused, exec_event::Output,
                 exec_event::Received, exec_event::Wanted, exec_event::InputTaken, exec_event::InputClosed,
                 exec_event::Ended, exec_event::Damaged>;

class ExecDecoder {
 public:
  // `nonce` and `exact` as in the plan that is sent.
  ExecDecoder(std::string_view nonce, bool exact);

  // Bytes of the session; cut anywhere. Drain poll_event() after each.
  void feed(BytesView bytes);
  // Nothing more will come: what was held back was output after all.
  void finish();
  std::optional<ExecEvent> poll_event();

  [[nodiscard]] bool is_ready() const { return phase_ != Phase::waiting; }
  [[nodiscard]] bool has_started() const { return phase_ == Phase::running || phase_ == Phase::over; }
  // What came before Started and is no frame (at most 1,024 bytes): a shell's complaint, for an explanation.
  [[nodiscard]] const std::string& preamble() const { return preamble_; }

 private:
  enum class Phase { waiting, preparing, running, over };

  // Finds the command's end in one of its streams: the marker's first bytes are held back.
  class Stream {
   public:
    explicit Stream(std::string_view nonce) : marker_(std::string(nonce) + "=") {}
    // What of the bytes is certainly output.
    Bytes feed(BytesView bytes);
    Bytes finish();
    [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }

   private:
    std::string marker_;
    std::string held_;
    std::optional<int> exit_code_;
  };

  void take_plain(BytesView bytes);
  void take_held();
  [[nodiscard]] bool may_become_frame() const;
  bool take_frame(std::string_view text);
  bool take_number(std::string_view text);
  bool take_chunk(std::string_view text);
  void start(std::string_view flags);
  void put(OutputStreamKind kind, BytesView bytes);
  void tell_output(OutputStreamKind kind, Bytes bytes);
  void tell_end();
  void damage(std::string what);

  std::string opening_;  // of the frames that are expected now: RS and what tells them from output
  std::string nonce_;
  bool is_exact_;
  Phase phase_ = Phase::waiting;
  bool undo_line_ends_ = false;        // the terminal turns each LF into CR LF
  bool carriage_return_held_ = false;  // of plain output
  bool is_merged_ = false;
  std::string held_;  // begins with RS; may become a frame
  std::string preamble_;
  Stream output_, error_;
  std::deque<ExecEvent> events_;
};

}  // namespace ferry::wire
