#include "feature/one_word_command.hpp"

#include "wire/command_line.hpp"

#include <string_view>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr int kNotFound = 127;  // as shells have it

bool was_not_found(const CommandResult& result) {
  if (result.outcome == Outcome::exited) return result.exit_code == kNotFound;
  return result.outcome == Outcome::not_started &&
         (result.explanation.contains("executable file not found") ||
          result.explanation.contains("no such file or directory"));
}

}  // namespace

void explain_one_word(const std::vector<std::string>& command, CommandPlace place, CommandResult& result) {
  if (command.size() != 1 || !was_not_found(result)) return;
  const std::string& word = command.front();
  const std::size_t first = word.find_first_not_of(" \t\n");
  const bool has_blanks_between =
      first != std::string::npos && word.find_first_of(" \t\n", first) < word.find_last_not_of(" \t\n");
  if (!has_blanks_between) return;
  const std::string quoted = wire::quote_word(word);
  if (!result.explanation.empty()) result.explanation += "; ";
  // A shell as entry point ends with the same code for what it took apart and did not find.
  const bool is_certain = place == CommandPlace::alone || result.outcome == Outcome::not_started;
  result.explanation += fmt::format(
      "{} was one word, {}: a shell takes it apart, sh -c {}", quoted,
      is_certain ? "and no program has that name" : "unless the image's entry point takes it apart", quoted);
}

}  // namespace ferry::feature
