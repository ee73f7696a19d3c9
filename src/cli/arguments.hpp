// A command's flags and words: described once, parsed into the command's own variables, shown as its help.
// Owns the description, not the variables: they must outlive parse(). The only file that sees the command
// line library is arguments.cpp.
//
//   Arguments arguments("run", "run a task to its end and show its log");
//   arguments.word("TASK_DEFINITION", "family, family:revision or ARN", options.task_definition);
//   arguments.text("--cluster", "CLUSTER", "where to run it", options.cluster);
//   arguments.toggle("-d,--detach", "do not wait for its end", options.detach);
//   arguments.command_after_dashes("the command to run instead of the image's", options.command);
//   const Result<Parsed> parsed = arguments.parse(words);
//   if (!parsed) return fail(parsed.error());
//   if (*parsed == Parsed::help) return print_help(arguments);
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "cli/commands.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::cli {

enum class Parsed {
  run,   // the variables are set
  help,  // --help was there: nothing else was looked at
};

// "500ms", "90s", "30m", "1h30m", "2d"; a number alone is seconds. Above zero, at most 365 days.
Result<milliseconds> parse_duration(std::string_view text);

class Arguments {
 public:
  // `name` as typed after "ferry" ("api", "local up"); `summary` is one line without a full stop.
  Arguments(std::string name, std::string summary);

  // Flags: `names` is "--long" or "-s,--long", `value_name` what help shows for the value. A variable keeps
  // its value where the flag is absent; an empty value is refused, but for texts(); where a flag comes twice,
  // the last one counts. Short switches can be joined ("-it"); values may follow after a blank or "=".
  void toggle(std::string names, std::string help, bool& variable);
  void text(std::string names, std::string value_name, std::string help, std::string& variable);
  // One of `choices`.
  void choice(std::string names, std::vector<std::string> choices, std::string help, std::string& variable);
  // May come several times; each adds one value, as it is.
  void texts(std::string names, std::string value_name, std::string help, std::vector<std::string>& variable);
  // Whole numbers from `least` to `most`.
  void integer(std::string names, std::string value_name, std::int64_t least, std::int64_t most,
               std::string help, std::optional<std::int64_t>& variable);
  void duration(std::string names, std::string value_name, std::string help,
                std::optional<milliseconds>& variable);

  // As parse_size() takes it.
  void size(std::string names, std::string value_name, std::string help, std::size_t& variable);

  // Words without a flag, in the order of these calls.
  void word(std::string name, std::string help, std::string& variable);           // required, not empty
  void optional_word(std::string name, std::string help, std::string& variable);  // empty where absent
  void more_words(std::string name, std::string help, std::vector<std::string>& variable);  // any number
  // Everything after the first "--", verbatim. Without this call "--" only ends the flags. Where "--" is
  // missing, the failure shows where it belongs: behind the required words; where there is none, behind the
  // first optional one, or before it where `instead` (which may be null, and must outlive parse()) names what
  // the word would have.
  void command_after_dashes(std::string help, std::vector<std::string>& variable,
                            const std::string* instead = nullptr);

  // Lines below the flags in the help: examples.
  void epilogue(std::string text);

  // Failures are `usage`, one line with a hint at this command's help.
  [[nodiscard]] Result<Parsed> parse(Words words) const;
  [[nodiscard]] std::string help() const;

 private:
  using Values = std::vector<std::string>;
  enum class Kind { toggle, value, repeated_value, required_word, optional_word, more_words };
  struct Item {
    Kind kind;
    std::string names;
    std::string value_name;
    std::string help;
    std::function<Result<>(const Values&)> store;
  };
  struct Trailing {
    std::string help;
    std::vector<std::string>* variable;
    const std::string* instead;
  };

  static bool is_word(const Item& item);
  [[nodiscard]] std::string where_dashes_belong(const Values& words) const;
  [[nodiscard]] Failure unknown_flag(const std::string& word, const Values& words) const;
  [[nodiscard]] Failure usage_failure(std::string_view what) const;
  [[nodiscard]] Result<> store(const Item& item, const Values& values) const;
  [[nodiscard]] Result<> store_words(const Values& words) const;
  // The words that are no flags and no flag's value.
  [[nodiscard]] Result<Values> store_flags(const Values& before_dashes) const;
  [[nodiscard]] std::string usage_line() const;

  std::string name_;
  std::string summary_;
  std::string epilogue_;
  std::vector<Item> items_;
  std::optional<Trailing> trailing_;
};

// Prints the help on stdout; the value is the exit status.
int print_help(const Arguments& arguments);

}  // namespace ferry::cli
