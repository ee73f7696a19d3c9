// What ferry sends into a container in place of the user's command, so that a session, which carries neither
// exit code nor end of input, brings both: a small POSIX shell script that runs the command and reports in
// frames (wire/exec_decoder.hpp), and the lines in which standard input travels to it.
// Pure. docs/exec-framing.md is normative for both.
#pragma once

#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::wire {

// The terminal that a command on a terminal shall find.
struct ExecTerminal {
  std::uint16_t columns = 80, rows = 24;
  std::string type;  // TERM; empty keeps the container's
};

struct ExecPlan {
  std::string nonce;                     // unguessable: what tells our frames from the command's output
  std::vector<std::string> command;      // not empty
  bool has_input = false;                // otherwise the command's stdin is empty
  std::optional<ExecTerminal> terminal;  // otherwise stdout and stderr are one pipe, and input comes framed
};

// The command string for ExecuteCommand.
std::string wrap_command(const ExecPlan& plan);

// Bytes of standard input for a command without a terminal: a line with the number of lines that follow, then
// that many lines of base64, none longer than a terminal's line discipline and a session message hold.
// `bytes` has 1 to kMaxInputChunk bytes. To be sent only after the start frame.
inline constexpr std::size_t kMaxInputChunk = 48'000;
std::string frame_input(BytesView bytes);

// The line that ends standard input.
inline constexpr std::string_view kEndOfInput = ".\n";

// The key that a terminal turns into an interrupt of all that runs on it (ETX, Ctrl-C).
inline constexpr std::string_view kInterruptKey = "\x03";

}  // namespace ferry::wire
