// What ferry sends into a container around the user's command, so that a session, which has one terminal and
// neither exit code nor end of input, brings back both output streams and the exit code.
// Three parts: the command string for ExecuteCommand, the program that follows once the container is ready
// for it, and the control lines for that program. Pure. docs/exec-framing.md is normative.
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::wire {

// The command string for ExecuteCommand, about 150 bytes longer than the quoted words: it makes the container
// ready for exec_program(). The same words always give the same string. `command` is not empty. `mark`,
// letters, digits and hyphens, stands behind "#" in the session's command line, in front of the words, for
// those who look for the session among the container's processes; empty: none.
std::string wrap_command(const std::vector<std::string>& command, std::string_view mark = {});

// The same for a container whose PATH leads to no `sh`: /bin/sh, and the usual folders behind that PATH, for
// the program and the command alike.
std::string wrap_command_beside_path(const std::vector<std::string>& command, std::string_view mark = {});

// The command string that runs the words as they are, for images without a shell.
std::string plain_command(const std::vector<std::string>& command);

// The terminal that a command on a terminal shall find.
struct ExecTerminal {
  std::uint16_t columns = 80, rows = 24;
  std::string type;  // TERM; empty keeps the container's
};

struct ExecPlan {
  std::string nonce;                     // unguessable, 32 hexadecimal digits: tells frames from output
  bool exact = false;                    // encode everything and compress, instead of text as readable text
  bool has_input = false;                // otherwise the command's stdin is empty
  std::optional<ExecTerminal> terminal;  // otherwise stdout and stderr are separate pipes where that can be
  // Not on a terminal: without kAlive for so long everything in the session is ended, by SIGTERM and 5 s
  // later by SIGKILL. Zero: never.
  seconds longest_silence{0};
};

// The program, in lines no longer than a terminal takes; to be sent as input once ExecDecoder says Ready, and
// not before: what an agent gets too early is lost.
std::string exec_program(const ExecPlan& plan);

// Control lines for the program, not on a terminal, after Started.
// One chunk of standard input, 1 to kMaxInputChunk bytes. The next one may follow when InputTaken came.
inline constexpr std::size_t kMaxInputChunk = std::size_t{96} << 10U;
std::string input_chunk(BytesView bytes, bool has_base64);
// The end of standard input; after InputTaken for the last chunk.
inline constexpr std::string_view kEndOfInput = ".\n";
// A sign of life, answered by Pong.
inline constexpr std::string_view kPing = "p\n";
// The client is there: longest_silence begins anew.
inline constexpr std::string_view kAlive = "w\n";
// Signals everything that runs in the session but the program itself: SIGTERM, SIGINT, SIGHUP,
// SIGQUIT, SIGKILL.
std::string signal_line(std::string_view name);  // "TERM"
// The result has arrived: the program ends, also where children of the command hold its output open.
inline constexpr std::string_view kQuit = "q\n";

}  // namespace ferry::wire
