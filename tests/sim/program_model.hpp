// What runs in the container, as docs/exec-framing.md describes it, without a shell: it says that it is
// ready, takes the program's lines, runs a made-up command and prints its output in frames.
// program_model_test.cpp holds it against a real shell that runs the real program.
#pragma once

#include "base/text.hpp"
#include "lossy_link.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::sim {

// What the image has.
struct Image {
  bool has_stty = true;
  bool has_base64 = true;  // otherwise od
  bool has_gzip = true;
  bool has_dd = true;  // otherwise the streams come merged
};

// What the user's command does: it writes some of its output, reads all of its input (and writes that to its
// standard output), writes the rest and ends.
struct CommandModel {
  Bytes standard_output, standard_error;
  bool reads_input = true;
  int exit_code = 0;
  bool dawdles = false;  // it reads a chunk only now and then
};

class ProgramModel {
 public:
  // Where its pieces of output are cut, and the order of the streams, follow from `random`.
  ProgramModel(Image image, CommandModel command, bool on_terminal, Random& random);

  // Typed into its terminal.
  void type(BytesView bytes);
  // Does one thing, if there is one to be done now; whether it did.
  bool step();
  // What the terminal shows since the last call.
  Bytes take_output();
  [[nodiscard]] bool has_exited() const { return phase_ == Phase::exited; }

  // What the command has written by now, and read; merged: both streams as they were merged, on a terminal as
  // that shows them.
  Bytes written_output, written_error, read_input;
  std::string typed_to_command;  // on a terminal
  bool is_command_over = false;

 private:
  enum class Phase { starting, loading, running, ended, exited };

  struct Stream {
    char name = 'o';
    Bytes left;     // not yet written by the command
    Bytes in_pipe;  // written and not yet printed
    bool has_end = false;
  };

  void take_line(std::string_view line);
  void load(std::string_view line);
  void control(std::string_view line);
  void obey(std::string_view word);
  void take_chunk_line(std::string_view text);
  void ask();
  bool read_some();
  void begin();
  bool write_some(Stream& stream);
  bool print_some(Stream& stream);
  void end_command();
  void print_piece(char stream, BytesView piece);
  void print(std::string_view text);
  void frame(std::string_view text);
  [[nodiscard]] bool is_merged() const { return on_terminal_ || !image_.has_dd; }

  Image image_;
  CommandModel command_;
  bool on_terminal_;
  Random* random_;
  Phase phase_ = Phase::starting;
  std::string typed_, nonce_, end_nonce_;
  bool is_exact_ = false, has_input_ = false, is_input_over_ = false;
  std::uint64_t next_line_ = 1, asked_for_ = 0, chunk_begin_ = 0;
  std::size_t chunk_lines_left_ = 0, chunk_size_ = 0;
  std::string chunk_;             // encoded
  std::deque<Bytes> unread_;      // chunks that the command has not read
  bool is_program_over_ = false;  // on a terminal: the empty line has come
  Stream output_, error_;
  Bytes shown_;
};

}  // namespace ferry::sim
