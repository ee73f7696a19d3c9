#include "cli/terminal_flags.hpp"

#include "sys/standard_streams.hpp"
#include "sys/tty.hpp"

#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace ferry::cli {

void describe_terminal_flags(Arguments& arguments, TerminalFlags& flags) {
  arguments.toggle("-i,--interactive", "send standard input to the command", flags.input);
  arguments.toggle("-t,--tty", "give the command a terminal", flags.terminal);
  arguments.toggle("-T,--no-tty", "give it none, even if all standard streams are terminals",
                   flags.no_terminal);
}

Result<> settle_terminal(std::string_view command, TerminalFlags& flags, bool wants_json) {
  const auto contradiction = [command](std::string_view what, std::string hint) {
    return fail(FailureCode::usage, fmt::format("{}: {}", command, what), std::move(hint));
  };
  if (flags.terminal && flags.no_terminal)
    return contradiction("-t and -T exclude each other", "leave one out");
  if (flags.terminal && wants_json)
    return contradiction("-t and -o json exclude each other", "--result-file goes with a terminal");
  const bool is_input_terminal = sys::is_terminal(STDIN_FILENO);
  const bool are_all_terminals =
      is_input_terminal && sys::is_terminal(STDOUT_FILENO) && sys::is_terminal(STDERR_FILENO);
  if (are_all_terminals && !flags.no_terminal && !wants_json) flags.input = flags.terminal = true;
  if (flags.terminal && flags.input && !is_input_terminal) {
    return contradiction("-it needs a terminal, and standard input is not one",
                         "leave -t out: -i alone sends standard input as it is");
  }
  return {};
}

std::string_view forgotten_input(const TerminalFlags& flags) {
  if (flags.input || !sys::has_unread_input(STDIN_FILENO)) return {};
  return "standard input has bytes that were not sent to the command: -i sends them";
}

}  // namespace ferry::cli
