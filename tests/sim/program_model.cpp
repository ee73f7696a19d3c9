#include "program_model.hpp"

#include <algorithm>
#include <cassert>
#include <utility>
#include <zlib.h>

#include <fmt/format.h>

namespace ferry::sim {

namespace {

constexpr std::size_t longest_piece_base64 = 65'536;
constexpr std::size_t longest_piece_octal = 4'096;
constexpr std::size_t least_to_compress = 4'000;  // of base64 text

void append(Bytes& to, BytesView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

Bytes take_front(Bytes& from, std::size_t count) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(count, from.size()));
  Bytes front(from.begin(), end);
  from.erase(from.begin(), end);
  return front;
}

// As base64 prints, in lines of 76, less the last line end, which the shell takes away.
std::string base64_lines(BytesView bytes) {
  std::string text = base64(bytes);
  for (std::size_t at = 76; at < text.size(); at += 77) text.insert(at, 1, '\n');
  return text;
}

std::string octal_lines(BytesView bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (at != 0 && at % 16 == 0) text += '\n';
    text += fmt::format(" {:03o}", bytes[at]);
  }
  return text;
}

Bytes gzipped(BytesView bytes) {
  z_stream stream{};
  [[maybe_unused]] const int ready =
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  assert(ready == Z_OK);
  Bytes input(bytes.begin(), bytes.end());
  Bytes packed(deflateBound(&stream, input.size()));
  stream.next_in = input.data();
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Whether a piece may stand as it is: nothing in it that a shell's variable or an agent damages, and no RS.
bool is_ordinary(std::string_view text) {
  return !text.contains('\0') && !text.contains('\x1e') && !text.contains("\xef\xbf\xbd") &&
         !text.ends_with("\xef") && !text.ends_with("\xef\xbf");
}

std::string with_returns(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (c == '\n') shown += '\r';
    shown += c;
  }
  return shown;
}

Bytes from_octal_escapes(std::string_view line) {
  Bytes bytes;
  for (std::size_t at = 0; at + 4 <= line.size(); at += 4) {
    bytes.push_back(static_cast<std::uint8_t>((line[at + 1] - '0') * 64 + (line[at + 2] - '0') * 8 +
                                              (line[at + 3] - '0')));
  }
  return bytes;
}

// "NUMBER TEXT": the number, if it is one.
std::optional<std::uint64_t> number_of(std::string_view line) {
  const std::optional<std::int64_t> number = parse_integer(line.substr(0, line.find_first_of(" :")));
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::string_view text_of(std::string_view line) {
  return line.substr(std::min(line.find_first_of(" :"), line.size() - 1) + 1);
}

}  // namespace

ProgramModel::ProgramModel(Image image, CommandModel command, bool on_terminal, Random& random)
    : image_(image),
      command_(std::move(command)),
      on_terminal_(on_terminal),
      random_(&random),
      output_{.name = 'o', .left = command_.standard_output, .in_pipe = {}},
      error_{.name = 'e', .left = command_.standard_error, .in_pipe = {}} {
  print(image_.has_stty ? "\x1e"
                          "ferry1r\x1e"
                        : "\x1e"
                          "ferry1c\x1e");
}

void ProgramModel::type(BytesView bytes) {
  if (phase_ == Phase::exited) return;
  // Without stty the terminal goes on echoing, for the command too, once that has it: what it echoes then is
  // the terminal's output.
  if (!image_.has_stty) {
    print(as_text(bytes));
    if (is_program_over_) {
      // Before what the command has written and the terminal has not shown yet.
      const std::string echo = with_returns(as_text(bytes));
      const auto waiting = static_cast<std::ptrdiff_t>(with_returns(as_text(output_.in_pipe)).size());
      written_output.insert(written_output.end() - waiting, echo.begin(), echo.end());
    }
  }
  typed_ += as_text(bytes);
  for (std::size_t end = typed_.find('\n'); end != std::string::npos; end = typed_.find('\n')) {
    const std::string line = typed_.substr(0, end);
    typed_.erase(0, end + 1);
    take_line(line);
  }
}

void ProgramModel::take_line(std::string_view line) {
  if (phase_ == Phase::starting || phase_ == Phase::loading) {
    load(line);
  } else if (!on_terminal_) {
    control(line);
  } else if (!is_program_over_) {
    if (line.empty()) {
      is_program_over_ = true;
      frame("+t");
    }
  } else {
    typed_to_command += line;
    typed_to_command += '\n';
  }
}

// The first line is the program's loader, which takes the others in the order of their numbers, up to one
// with a full stop.
void ProgramModel::load(std::string_view line) {
  if (phase_ == Phase::starting) {
    phase_ = Phase::loading;
    return;
  }
  if (number_of(line) != next_line_) return;
  ++next_line_;
  line = text_of(line);
  if (line == ".") {
    begin();
  } else if (line.starts_with("_n=") && nonce_.empty()) {
    for (const std::string_view word : split(line, ' ')) {
      if (word.starts_with("_n=")) nonce_ = word.substr(3);
      if (word.starts_with("_e=")) end_nonce_ = word.substr(3);
      if (word == "_exact=1") is_exact_ = true;
      if (word == "_input=1") has_input_ = true;
    }
  }
}

void ProgramModel::begin() {
  phase_ = Phase::running;
  if (on_terminal_) return;
  if (has_input_ && !image_.has_stty) {
    frame("!stty");
    phase_ = Phase::exited;
    return;
  }
  const bool is_compressed = is_exact_ && image_.has_base64 && image_.has_gzip;
  frame(fmt::format("+{}{}{}{}{}:{}", is_merged() ? "m" : "s", image_.has_base64 ? "b" : "",
                    is_compressed ? "z" : "", has_input_ && !is_merged() ? "w" : "",
                    image_.has_stty ? "q" : "", image_.has_dd ? "" : "dd"));
}

void ProgramModel::ask() {
  if (asked_for_ == next_line_) return;
  asked_for_ = next_line_;
  frame(fmt::format("n{}", next_line_));
}

void ProgramModel::control(std::string_view line) {
  const std::optional<std::uint64_t> number = number_of(line);
  if (!number || *number < next_line_) return;
  if (*number > next_line_) {
    if (chunk_lines_left_ > 0) next_line_ = chunk_begin_;
    chunk_lines_left_ = 0;
    ask();
    return;
  }
  ++next_line_;
  if (chunk_lines_left_ > 0) {
    take_chunk_line(text_of(line));
  } else {
    obey(text_of(line));
  }
}

void ProgramModel::obey(std::string_view word) {
  if (word.starts_with('i')) {
    const std::size_t comma = word.find(',');
    chunk_lines_left_ = static_cast<std::size_t>(parse_integer(word.substr(1, comma - 1)).value_or(0));
    chunk_size_ = static_cast<std::size_t>(parse_integer(word.substr(comma + 1)).value_or(0));
    chunk_begin_ = next_line_ - 1;
    chunk_.clear();
    return;
  }
  if (word == ".") is_input_over_ = true;
  if (word == "q") {
    phase_ = Phase::exited;
    return;
  }
  frame(fmt::format("r{}", next_line_));
}

void ProgramModel::take_chunk_line(std::string_view text) {
  chunk_ += text;
  if (--chunk_lines_left_ > 0) return;
  const Bytes bytes = image_.has_base64 ? from_base64(chunk_).value_or(Bytes{}) : from_octal_escapes(chunk_);
  if (bytes.size() != chunk_size_) {
    next_line_ = chunk_begin_;
    asked_for_ = 0;
    ask();
    return;
  }
  frame(fmt::format("r{}", next_line_));
  unread_.push_back(bytes);
}

// The command reads a chunk, and writes what it has read to its standard output.
bool ProgramModel::read_some() {
  if (unread_.empty()) return false;
  if (command_.reads_input && command_.dawdles && random_->chance(80)) return true;
  const Bytes bytes = std::move(unread_.front());
  unread_.pop_front();
  if (!command_.reads_input || is_command_over) {
    frame("x");
    return true;
  }
  append(read_input, bytes);
  append(output_.left, bytes);
  frame("c");
  return true;
}

bool ProgramModel::step() {
  if (phase_ != Phase::running || (on_terminal_ && !is_program_over_)) return false;
  if (random_->chance(50) && read_some()) return true;
  Stream& one = random_->chance(50) ? output_ : error_;
  Stream& other = &one == &output_ ? error_ : output_;
  if (random_->chance(50)) {
    if (write_some(one) || write_some(other) || print_some(one) || print_some(other)) return true;
  } else if (print_some(one) || print_some(other) || write_some(one) || write_some(other)) {
    return true;
  }
  if (read_some()) return true;
  if (has_input_ && command_.reads_input && !is_input_over_) return false;
  if (!is_command_over) {
    end_command();
    return true;
  }
  phase_ = on_terminal_ ? Phase::exited : Phase::ended;
  return true;
}

bool ProgramModel::write_some(Stream& stream) {
  if (stream.left.empty()) return false;
  const Bytes written = take_front(stream.left, 1 + random_->below(3'000));
  if (is_merged()) {
    const std::string shown = on_terminal_ ? with_returns(as_text(written)) : std::string(as_text(written));
    append(written_output, as_bytes(shown));
    append(output_.in_pipe, written);
  } else {
    append(stream.name == 'o' ? written_output : written_error, written);
    append(stream.in_pipe, written);
  }
  return true;
}

bool ProgramModel::print_some(Stream& stream) {
  if (stream.in_pipe.empty()) return false;
  const std::size_t longest = image_.has_base64 ? longest_piece_base64 : longest_piece_octal;
  const std::size_t size = random_->chance(50) ? longest : 1 + random_->below(2'000);
  const Bytes piece = take_front(stream.in_pipe, size);
  if (is_merged()) {
    // A terminal with output processing; the program's own stty has switched it on again for the command.
    print(on_terminal_ && image_.has_stty ? with_returns(as_text(piece)) : std::string(as_text(piece)));
  } else {
    print_piece(stream.name, piece);
  }
  return true;
}

// The end marker follows what the command wrote in each of its pipes.
void ProgramModel::end_command() {
  is_command_over = true;
  const std::string marker = fmt::format("{}={};", end_nonce_, command_.exit_code);
  append(output_.in_pipe, as_bytes(marker));
  if (!is_merged()) append(error_.in_pipe, as_bytes(marker));
}

void ProgramModel::print_piece(char stream, BytesView piece) {
  if (!is_exact_ && image_.has_stty && is_ordinary(as_text(piece))) {
    if (stream == 'o') {
      print(as_text(piece));
    } else {
      frame(fmt::format("et{}", as_text(piece)));
    }
    return;
  }
  const std::string text = image_.has_base64 ? base64_lines(piece) : octal_lines(piece);
  if (is_exact_ && image_.has_base64 && image_.has_gzip && text.size() > least_to_compress) {
    frame(fmt::format("{}z{}", stream, base64_lines(gzipped(piece))));
  } else {
    frame(fmt::format("{}{}{}", stream, image_.has_base64 ? 'b' : 'x', text));
  }
}

void ProgramModel::frame(std::string_view text) {
  print(fmt::format("\x1e{}{}\x1e", nonce_, text));
}

void ProgramModel::print(std::string_view text) {
  append(shown_, as_bytes(image_.has_stty ? std::string(text) : with_returns(text)));
}

Bytes ProgramModel::take_output() {
  return std::exchange(shown_, {});
}

}  // namespace ferry::sim
