// What ferry sends into a container around the user's command, so that a session, which has one terminal and
// neither exit code nor end of input, brings back both output streams and the exit code.
// Two parts: the command string for ExecuteCommand, and the program that follows once the container is ready
// for it. Pure. docs/exec-framing.md is normative.
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"

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
  // Not on a terminal: without ExecLines::send_alive() for so long everything in the session is ended, by
  // SIGTERM and 5 s later by SIGKILL. Zero: never.
  seconds longest_silence{0};
};

// The program, to be sent by ExecLines (wire/exec_lines.hpp) once ExecDecoder says Ready, and not before:
// what an agent gets too early is lost. Each line is shorter than 240 characters, which a terminal takes.
struct ExecProgram {
  std::string loader;              // goes first, without a number
  std::vector<std::string> lines;  // are numbered from 1; the last one is a full stop
};
ExecProgram exec_program(const ExecPlan& plan);

}  // namespace ferry::wire
