#include "wire/command_line.hpp"

#include <utility>

namespace ferry::wire {
namespace {

class Splitter {
 public:
  explicit Splitter(Dialect dialect) : dialect_(dialect) {}

  Result<std::vector<std::string>> split(std::string_view text) {
    for (const char character : text) take(character);
    switch (state_) {
      case State::escape:
      case State::escape_in_quotes:
        return fail(FailureCode::usage, "EOF found after escape character");
      case State::double_quotes:
      case State::single_quotes:
        return fail(FailureCode::usage, "EOF found when expecting closing quote");
      case State::word:
        end_word();
        break;
      case State::between:
      case State::comment:
        break;
    }
    return std::move(words_);
  }

 private:
  enum class State { between, word, escape, escape_in_quotes, double_quotes, single_quotes, comment };

  static bool is_blank(char character) {
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
  }

  void take(char character) {
    switch (state_) {
      case State::between:
        if (character == '#' && dialect_ == Dialect::agent) {
          state_ = State::comment;
        } else if (!is_blank(character)) {
          take_in_word(character);
        }
        break;
      case State::word:
        if (is_blank(character)) {
          end_word();
        } else {
          take_in_word(character);
        }
        break;
      case State::escape:
        keep(character, State::word);
        break;
      case State::escape_in_quotes:
        if (dialect_ == Dialect::python && character != '"' && character != '\\') word_ += '\\';
        keep(character, State::double_quotes);
        break;
      case State::double_quotes:
        if (character == '\\') {
          state_ = State::escape_in_quotes;
        } else if (character == '"') {
          state_ = State::word;
        } else {
          word_ += character;
        }
        break;
      case State::single_quotes:
        if (character == '\'') {
          state_ = State::word;
        } else {
          word_ += character;
        }
        break;
      case State::comment:
        if (character == '\n') state_ = State::between;
        break;
    }
  }

  void take_in_word(char character) {
    if (character == '\\') {
      state_ = State::escape;
    } else if (character == '"') {
      state_ = State::double_quotes;
    } else if (character == '\'') {
      state_ = State::single_quotes;
    } else {
      keep(character, State::word);
    }
  }

  void keep(char character, State next) {
    word_ += character;
    state_ = next;
  }

  void end_word() {
    words_.push_back(std::exchange(word_, {}));
    state_ = State::between;
  }

  Dialect dialect_;
  State state_ = State::between;
  std::string word_;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_command_line(std::string_view text, Dialect dialect) {
  return Splitter(dialect).split(text);
}

std::string quote_word(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  char previous = '\0';
  for (const char character : word) {
    if (character == '\'') {
      quoted += "'\\''";
    } else {
      if (character == '{' && previous == '{') quoted += "''";
      quoted += character;
    }
    previous = character;
  }
  quoted += '\'';
  return quoted;
}

std::string quote_command_line(std::span<const std::string> words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += quote_word(word);
  }
  return line;
}

}  // namespace ferry::wire
