#include "cli/arguments.hpp"
#include "cli/commands.hpp"

#include <ferry/wrap.hpp>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace ferry::cli {

Result<int> wrap_command(Words words) {
  std::vector<std::string> command;
  Arguments arguments("wrap", "print the command to give ExecuteCommand, for `ferry collect`");
  arguments.command_after_dashes("the command to run in the container", command);
  arguments.epilogue(
      "For programs that call ExecuteCommand through an SDK: give it what this prints as `command`, then "
      "its\n"
      "response to `ferry collect`. Calls nobody; the same command always gives the same text.\n\n"
      "  ferry wrap -- ps ax\n");
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  if (command.empty())
    return fail(FailureCode::usage, "wrap: there is no command", "write it after --: ferry wrap -- ps ax");
  const std::optional<std::string> wrapped = wrap(command);
  if (!wrapped) {
    return fail(
        FailureCode::usage,
        "wrap: the program's name is empty, or a word is not UTF-8, which ExecuteCommand cannot carry");
  }
  fmt::print("{}\n", *wrapped);
  return 0;
}

}  // namespace ferry::cli
