// The one string that ExecuteCommand takes, and the argument words that the agent makes of it.
// Pure; bounded by the length of the text.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::wire {

// Whose rules split a command string; neither are a shell's. Blanks, tabs and line ends separate, '..' is
// literal, and a backslash takes the next character as it is, in both.
enum class Dialect {
  // The agent's (github.com/google/shlex): inside ".." a backslash does so too, whatever comes next; # at the
  // start of a word begins a comment up to the end of the line.
  agent,
  // Python's shlex.split(), and so botocore's: inside ".." a backslash does so before " and \ alone; no
  // comments.
  python,
};

// Failure usage, in the agent's library's words: an open quote, or nothing after a backslash.
Result<std::vector<std::string>> split_command_line(std::string_view text, Dialect dialect = Dialect::agent);

// The word, quoted so that split_command_line() and a POSIX shell both take it back as one word. The result
// never has two opening braces in a row: the agent would take {{ssm:NAME}} for a parameter to fetch.
std::string quote_word(std::string_view word);

// The words, each quoted, with a blank between.
std::string quote_command_line(std::span<const std::string> words);

}  // namespace ferry::wire
