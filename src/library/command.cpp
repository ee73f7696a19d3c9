#include "library/command.hpp"

#include "base/text.hpp"

namespace ferry::library {

Result<> check_command(const std::vector<std::string>& command) {
  if (command.empty() || command.front().empty())
    return fail(FailureCode::usage, "there is no command", "name a program and its arguments");
  for (const std::string& word : command) {
    if (!is_valid_utf8(word) || word.find('\0') != std::string::npos) {
      return fail(FailureCode::usage,
                  "the command has bytes that are not UTF-8, which ExecuteCommand cannot carry",
                  "send such bytes on its standard input");
    }
  }
  return {};
}

}  // namespace ferry::library
