// The lines that go to the program in the container (wire/exec_program.cpp): numbered, several to a message
// but each whole, and kept until the program says that it has them. An agent may write a message twice (its
// connection broke before it acknowledged), and a command may read the terminal behind the program's back:
// the number tells either, and what the program misses is sent again. docs/exec-framing.md is normative.
//
// Owns the lines that were not confirmed yet; bounded by the program (about 6 KB), three chunks of input and
// some short lines. Pure: `now` is any steady clock. Not thread-safe.
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"
#include "wire/exec_decoder.hpp"
#include "wire/exec_wrapper.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::wire {

// What one line asks of the program. Not on a terminal.
namespace exec_word {
// A sign of life of the session; like every line it is answered by Received.
inline constexpr std::string_view ping = "p";
// The result has arrived: the program ends, also where children of the command hold its output open.
inline constexpr std::string_view quit = "q";
// Signals everything that runs in the session but the program itself: TERM, INT, HUP, QUIT, KILL.
std::string signal(std::string_view name);
}  // namespace exec_word

// A chunk of standard input, in bytes: 1 to so many.
inline constexpr std::size_t kMaxInputChunk = std::size_t{96} << 10U;

struct ExecLineTimes {
  // What the program did not confirm for so long is sent again.
  milliseconds resend_after{10'000};
  // ... and when so long has passed since the last line was sent or confirmed, it is given up. The bound is
  // on the receipt of a line: a command may take as long as it likes to read its input.
  milliseconds give_up_after{120'000};
};

class ExecLines {
 public:
  explicit ExecLines(ExecLineTimes times = {});

  // Once, and before anything else. On a terminal an empty line, in a message of its own, tells the program
  // that no more of it follows; nothing else is then sent by this class, but bytes().
  // Where the terminal echoes (exec_event::Ready) nothing is sent again: it would be shown among the output.
  void send_program(const ExecPlan& plan, bool is_echoing = false);
  // One of exec_word; goes ahead of input that is not on its way yet. A ping is left out while anything is
  // not confirmed.
  void send(std::string_view word);
  // The client is there: ExecPlan::longest_silence begins anew. So it does with each chunk.
  void send_alive();
  // Bytes as they are, unnumbered and never sent again: keys.
  void send_bytes(std::string bytes);
  // Whether another chunk may be sent: a window of them is with the program, and the command has not read
  // them.
  [[nodiscard]] bool has_room() const;
  // 1 to kMaxInputChunk bytes, while has_room().
  void send_chunk(BytesView bytes);
  // Goes when the command has read every chunk: none that is lost on the way to it can look like its end.
  void send_end_of_input();

  // What the program says (exec_event).
  void started(const ExecTier& tier, Instant now);  // it has all of itself
  void received(std::uint64_t below, Instant now);  // it has every line with a lower number
  void wanted(std::uint64_t from, Instant now);     // it lacks that one, and took none behind it
  void taken();                                     // the command has read a chunk more

  // The next message for the session, at most 1,024 bytes; nothing while there is none.
  std::optional<std::string> poll_message(Instant now);
  // While held, nothing that the program says can arrive (our reader is slow, or the connection is broken),
  // and no time counts.
  void hold();
  void release(Instant now);
  void tick(Instant now);
  [[nodiscard]] std::optional<Instant> deadline() const;
  // The program has not confirmed a line in time: it will not.
  [[nodiscard]] bool has_given_up() const { return has_given_up_; }

 private:
  struct Line {
    std::string text;         // with its number and its line end
    bool goes_alone = false;  // in a message of its own
  };
  void keep(std::string_view text, char separator = ' ');
  bool keep_waiting();
  void rearm(Instant now);

  ExecLineTimes times_;
  std::deque<std::string> bytes_;
  std::deque<std::string> urgent_;              // words
  std::deque<std::vector<std::string>> input_;  // the lines of a chunk, or the end, without numbers
  std::deque<Line> kept_;                       // not confirmed; the first has number first_
  std::uint64_t first_ = 0;
  std::size_t sent_ = 0, ever_sent_ = 0;  // of kept_: in this round, and at all
  std::size_t window_ = 1, chunks_out_ = 0;
  bool has_base64_ = false, is_numbered_ = false, is_echoing_ = false, has_started_ = false;
  bool is_held_ = false, has_given_up_ = false;
  // While a line that was sent is not confirmed: since the last one was sent for the first time, or
  // confirmed.
  Instant waiting_since_;
  Instant last_sent_;
};

}  // namespace ferry::wire
