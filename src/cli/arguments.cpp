#include "cli/arguments.hpp"

#include "base/near_names.hpp"
#include "base/size.hpp"
#include "base/text.hpp"
#include "wire/command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr std::string_view kHelpNames = "-h,--help";
constexpr std::string_view kEndOfFlags = "--";

// "-s,--long" as a person types it.
std::string_view long_name(std::string_view names) {
  return names.substr(names.rfind(',') + 1);
}

std::string help_line(std::string_view left, std::string_view help) {
  constexpr std::size_t kColumn = 30;
  if (left.size() + 4 <= kColumn) return fmt::format("  {:<{}}{}\n", left, kColumn - 2, help);
  return fmt::format("  {}\n{:{}}{}\n", left, "", kColumn, help);
}

std::string flag_words(std::string_view names, std::string_view value_name) {
  const std::size_t comma = names.find(',');
  const std::string spaced = comma == std::string_view::npos
                                 ? fmt::format("    {}", names)
                                 : fmt::format("{}, {}", names.substr(0, comma), names.substr(comma + 1));
  return value_name.empty() ? spaced : fmt::format("{} {}", spaced, value_name);
}

std::optional<std::int64_t> milliseconds_of(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s" || unit.empty()) return 1'000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return std::nullopt;
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  const auto refuse = [text] {
    return fail(FailureCode::usage, fmt::format("'{}' is no duration", text),
                "write 500ms, 90s, 30m, 1h30m or 2d, at most 365d");
  };
  constexpr std::int64_t kMost = 365LL * 86'400'000;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::int64_t total = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto unit_begin = std::ranges::find_if_not(rest, is_digit);
    const std::string_view number(rest.begin(), unit_begin);
    const std::string_view unit(unit_begin, std::find_if(unit_begin, rest.end(), is_digit));
    const std::optional<std::int64_t> count = parse_integer(number);
    const std::optional<std::int64_t> factor = milliseconds_of(unit);
    if (!count || !factor || *count > kMost / *factor) return refuse();
    if (unit.empty() && number.size() != text.size()) return refuse();  // "1h30": which unit?
    total += *count * *factor;
    rest.remove_prefix(number.size() + unit.size());
  }
  if (total <= 0 || total > kMost) return refuse();
  return milliseconds(total);
}

Arguments::Arguments(std::string name, std::string summary)
    : name_(std::move(name)), summary_(std::move(summary)) {}

void Arguments::toggle(std::string names, std::string help, bool& variable) {
  items_.push_back(
      {Kind::toggle, std::move(names), {}, std::move(help), [&variable](const Values&) -> Result<> {
         variable = true;
         return {};
       }});
}

void Arguments::text(std::string names, std::string value_name, std::string help, std::string& variable) {
  items_.push_back({Kind::value, std::move(names), std::move(value_name), std::move(help),
                    [&variable](const Values& values) -> Result<> {
                      variable = values.back();
                      return {};
                    }});
}

void Arguments::choice(std::string names, std::vector<std::string> choices, std::string help,
                       std::string& variable) {
  std::string value_name = join(choices, "|");
  items_.push_back({Kind::value, std::move(names), std::move(value_name), std::move(help),
                    [&variable, choices = std::move(choices)](const Values& values) -> Result<> {
                      if (std::ranges::find(choices, values.back()) == choices.end()) {
                        return fail(FailureCode::usage,
                                    fmt::format("'{}' is not one of {}", values.back(), join(choices, ", ")));
                      }
                      variable = values.back();
                      return {};
                    }});
}

void Arguments::texts(std::string names, std::string value_name, std::string help,
                      std::vector<std::string>& variable) {
  items_.push_back({Kind::repeated_value, std::move(names), std::move(value_name), std::move(help),
                    [&variable](const Values& values) -> Result<> {
                      variable = values;
                      return {};
                    }});
}

void Arguments::integer(std::string names, std::string value_name, std::int64_t least, std::int64_t most,
                        std::string help, std::optional<std::int64_t>& variable) {
  items_.push_back(
      {Kind::value, std::move(names), std::move(value_name), std::move(help),
       [&variable, least, most](const Values& values) -> Result<> {
         const std::optional<std::int64_t> value = parse_integer(values.back());
         if (!value || *value < least || *value > most) {
           return fail(FailureCode::usage,
                       fmt::format("'{}' is not a whole number from {} to {}", values.back(), least, most));
         }
         variable = value;
         return {};
       }});
}

void Arguments::duration(std::string names, std::string value_name, std::string help,
                         std::optional<milliseconds>& variable) {
  items_.push_back({Kind::value, std::move(names), std::move(value_name), std::move(help),
                    [&variable](const Values& values) -> Result<> {
                      const Result<milliseconds> value = parse_duration(values.back());
                      if (!value) return fail(value.error());
                      variable = *value;
                      return {};
                    }});
}

void Arguments::size(std::string names, std::string value_name, std::string help, std::size_t& variable) {
  items_.push_back({Kind::value, std::move(names), std::move(value_name), std::move(help),
                    [&variable](const Values& values) -> Result<> {
                      const std::optional<std::size_t> bytes = parse_size(values.back());
                      if (!bytes) {
                        return fail(FailureCode::usage, fmt::format("'{}' is no size", values.back()),
                                    "write 4096, 512KiB, 64MiB or 2GiB");
                      }
                      variable = *bytes;
                      return {};
                    }});
}

void Arguments::word(std::string name, std::string help, std::string& variable) {
  text(std::move(name), {}, std::move(help), variable);
  items_.back().kind = Kind::required_word;
}

void Arguments::optional_word(std::string name, std::string help, std::string& variable) {
  text(std::move(name), {}, std::move(help), variable);
  items_.back().kind = Kind::optional_word;
}

void Arguments::more_words(std::string name, std::string help, std::vector<std::string>& variable) {
  texts(std::move(name), {}, std::move(help), variable);
  items_.back().kind = Kind::more_words;
}

void Arguments::command_after_dashes(std::string help, std::vector<std::string>& variable,
                                     const std::string* instead) {
  trailing_ = Trailing{.help = std::move(help), .variable = &variable, .instead = instead};
}

void Arguments::epilogue(std::string text) {
  epilogue_ = std::move(text);
}

bool Arguments::is_word(const Item& item) {
  return item.kind == Kind::required_word || item.kind == Kind::optional_word ||
         item.kind == Kind::more_words;
}

Failure Arguments::usage_failure(std::string_view what) const {
  return Failure{.code = FailureCode::usage,
                 .what = fmt::format("{}: {}", name_, what),
                 .hint = fmt::format("see `ferry {} --help`", name_),
                 .service_code = {}};
}

// "did you mean `ferry run app -- migrate`?" for the words "app migrate", which are all but ferry's own
// flags; empty where the command is there already or nothing would be left for it.
std::string Arguments::where_dashes_belong(const Values& words) const {
  constexpr std::size_t kMostWords = 8;
  if (!trailing_ || !trailing_->variable->empty()) return {};
  const bool has_required = std::ranges::find(items_, Kind::required_word, &Item::kind) != items_.end();
  const bool is_named_otherwise =
      !has_required && trailing_->instead != nullptr && !trailing_->instead->empty();
  const std::size_t own = is_named_otherwise ? 0 : 1;
  // What begins with a flag is no command.
  if (words.size() <= own || words[0].starts_with('-') || words[own].starts_with('-')) return {};
  Values line{"ferry", name_};
  line.insert(line.end(), words.begin(), words.begin() + static_cast<std::ptrdiff_t>(own));
  if (is_named_otherwise) line.emplace_back("...");
  line.emplace_back("--");
  const std::size_t shown = std::min(words.size(), own + kMostWords);
  line.insert(line.end(), words.begin() + static_cast<std::ptrdiff_t>(own),
              words.begin() + static_cast<std::ptrdiff_t>(shown));
  if (shown < words.size()) line.emplace_back("...");
  return fmt::format("did you mean `{}`?", wire::quote_command_line(line));
}

Failure Arguments::unknown_flag(const std::string& word, const Values& words) const {
  const std::string name = word.substr(0, word.find('='));
  Failure failure = usage_failure(fmt::format("there is no flag '{}'", name));
  Values long_flags;
  for (const Item& item : items_) {
    const std::string_view flag = long_name(item.names);
    if (!is_word(item) && flag.starts_with("--")) long_flags.emplace_back(flag.substr(2));
  }
  const auto beyond_dashes = [](std::string_view flag) { return flag.substr(flag.find_first_not_of('-')); };
  const bool is_long = name.size() > 2 && name.starts_with("--");
  Values near = is_long ? near_names(beyond_dashes(name), long_flags) : Values();
  for (std::string& flag : near) flag.insert(0, "--");
  if (!near.empty()) {
    failure.hint = fmt::format("did you mean {}?", join(near, " or "));
    return failure;
  }
  const std::string question = where_dashes_belong(words);
  if (!question.empty()) failure.hint = fmt::format("{} A command and its flags come after --", question);
  return failure;
}

Result<> Arguments::store(const Item& item, const Values& values) const {
  const Result<> stored = item.store(values);
  if (stored) return {};
  Failure failure = usage_failure(fmt::format("{}: {}", long_name(item.names), stored.error().what));
  if (!stored.error().hint.empty()) failure.hint = stored.error().hint;
  return fail(std::move(failure));
}

Result<> Arguments::store_words(const Values& words) const {
  std::size_t next = 0;
  for (const Item& item : items_) {
    if (!is_word(item)) continue;
    if (next >= words.size()) {
      if (item.kind == Kind::required_word)
        return fail(usage_failure(fmt::format("{} is missing", item.names)));
      continue;
    }
    const bool takes_rest = item.kind == Kind::more_words;
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(next);
    const Values own(begin, takes_rest ? words.end() : begin + 1);
    if (item.kind == Kind::required_word && own[0].empty()) {
      return fail(usage_failure(fmt::format("{} is empty", item.names)));
    }
    const Result<> stored = store(item, own);
    if (!stored) return stored;
    next += own.size();
  }
  if (next < words.size()) {
    Failure failure = usage_failure(fmt::format("'{}' is one word too many{}", words[next],
                                                trailing_ ? " (a command comes after --)" : ""));
    std::string question = where_dashes_belong(words);
    if (!question.empty()) failure.hint = std::move(question);
    return fail(std::move(failure));
  }
  return {};
}

// The library sees the flags only: words are told apart here, so that none is taken for a list or a value.
Result<Arguments::Values> Arguments::store_flags(const Values& before_dashes) const {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<const Item*, CLI::Option*>> options;
  for (const Item& item : items_) {
    if (is_word(item)) continue;
    CLI::Option* option = nullptr;
    if (item.kind == Kind::toggle) {
      option = app.add_flag(item.names);
    } else {
      option = app.add_option(item.names)->expected(1)->allow_extra_args(false);
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    options.emplace_back(&item, option);
  }
  try {
    app.parse(Values(before_dashes.rbegin(), before_dashes.rend()));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view text = error.what();  // "--region: 1 required ... missing"
    return fail(usage_failure(fmt::format("{} needs a value", text.substr(0, text.find(':')))));
  } catch (const CLI::ParseError& error) {
    return fail(usage_failure(error.what()));
  }
  Values words = app.remaining();
  for (const std::string& word : words) {
    if (word.size() > 1 && word.starts_with('-')) return fail(unknown_flag(word, words));
  }
  for (const auto& [item, option] : options) {
    if (option->count() == 0) continue;
    if (item->kind == Kind::toggle && option->results().back() != "true") {
      return fail(usage_failure(fmt::format("{} takes no value", long_name(item->names))));
    }
    // An unset variable in a script, most likely: what absence means is not to be guessed from it.
    if (item->kind == Kind::value && option->results().back().empty()) {
      return fail(FailureCode::usage, fmt::format("{}: {} is empty", name_, long_name(item->names)),
                  "give it a value or leave it out");
    }
    const Result<> stored = store(*item, option->results());
    if (!stored) return fail(stored.error());
  }
  return words;
}

Result<Parsed> Arguments::parse(Words words) const {
  const auto dashes = std::ranges::find(words, kEndOfFlags);
  const Values before(words.begin(), dashes);
  const Values after(dashes == words.end() ? dashes : dashes + 1, words.end());
  const auto asks_for_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (std::ranges::any_of(before, asks_for_help)) return Parsed::help;

  if (trailing_) *trailing_->variable = after;
  Result<Values> plain_words = store_flags(before);
  if (!plain_words) return fail(plain_words.error());
  if (!trailing_) {
    plain_words->insert(plain_words->end(), after.begin(), after.end());
  }
  const Result<> stored = store_words(*plain_words);
  if (!stored) return fail(stored.error());
  return Parsed::run;
}

std::string Arguments::usage_line() const {
  std::string line = fmt::format("usage: ferry {} [flags]", name_);
  for (const Item& item : items_) {
    if (item.kind == Kind::required_word) line += fmt::format(" {}", item.names);
    if (item.kind == Kind::optional_word) line += fmt::format(" [{}]", item.names);
    if (item.kind == Kind::more_words) line += fmt::format(" [{} ...]", item.names);
  }
  if (trailing_) line += " [-- COMMAND ...]";
  return line;
}

std::string Arguments::help() const {
  std::string text = fmt::format("ferry {}: {}\n\n{}\n\n", name_, summary_, usage_line());
  for (const Item& item : items_) {
    if (is_word(item)) text += help_line(item.names, item.help);
  }
  if (trailing_) text += help_line("-- COMMAND ...", trailing_->help);
  if (!text.ends_with("\n\n")) text += '\n';
  text += "flags:\n";
  for (const Item& item : items_) {
    if (is_word(item)) continue;
    const bool repeated = item.kind == Kind::repeated_value;
    text += help_line(flag_words(item.names, item.value_name),
                      repeated ? fmt::format("{} (repeatable)", item.help) : item.help);
  }
  text += help_line(flag_words(kHelpNames, {}), "show this");
  if (!epilogue_.empty()) text += fmt::format("\n{}\n", trim(epilogue_));
  return text;
}

int print_help(const Arguments& arguments) {
  fmt::print("{}", arguments.help());
  return 0;
}

}  // namespace ferry::cli
