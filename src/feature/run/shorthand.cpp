#include "feature/run/shorthand.hpp"

#include <cstddef>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestText = std::size_t{64} << 10U;
constexpr int kDeepestLevel = 16;
constexpr std::string_view kBlanks = " \t\n\r\v\f";

bool is_one_of(char c, std::string_view characters) {
  return characters.find(c) != std::string_view::npos;
}

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || is_one_of(c, "-_.#/:");
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

// How an unquoted value begins; it may end at other characters, depending on where it stands.
bool begins_value(char c) {
  return !is_control(c) && !is_one_of(c, "\"',=[{");
}

bool continues_value(char c, std::string_view ends) {
  return (!is_control(c) || is_one_of(c, kBlanks)) && !is_one_of(c, "\"',") && !is_one_of(c, ends);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Recursive descent; each function leaves `at_` behind what it read.
class Parser {
 public:
  Parser(std::string_view text, const ReadFile& read_file) : text_(text), read_file_(read_file) {}

  Result<json::object> parse() {
    json::object object;
    while (true) {
      Result<std::string> name = key();
      if (!name) return fail(name.error());
      Result<json::value> read = outer_value();
      if (!read) return fail(read.error());
      if (object.contains(*name))
        return fail(FailureCode::usage, fmt::format("shorthand: '{}' is given twice", *name));
      object.emplace(*name, std::move(*read));
      if (at_end()) return object;
      skip_blanks();
      if (!take(',')) return wrong("a comma");
      skip_blanks();
    }
  }

 private:
  // Ends of unquoted values: the first of a list without brackets (and each one inside brackets), the others.
  static constexpr std::string_view kEndsFirst = "]}";
  static constexpr std::string_view kEndsOther = "=";

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] bool is_at(char wanted) const { return !at_end() && text_[at_] == wanted; }
  void skip_blanks() {
    while (!at_end() && is_one_of(text_[at_], kBlanks)) ++at_;
  }
  bool take(char wanted) {
    if (!is_at(wanted)) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] tl::unexpected<Failure> wrong(std::string_view expected) const {
    const std::string found = at_end() ? "the end" : fmt::format("'{}'", text_[at_]);
    return fail(FailureCode::usage,
                fmt::format("shorthand: expected {} but found {} at character {}", expected, found, at_ + 1));
  }

  // `name=` or `name@=`, which makes the values up to the next key names of files.
  Result<std::string> key() {
    const std::size_t start = at_;
    while (!at_end() && is_key_character(text_[at_])) ++at_;
    if (at_ == start) return wrong("a name");
    std::string name(text_.substr(start, at_ - start));
    skip_blanks();
    names_files_ = take('@');
    skip_blanks();
    if (!take('=')) return wrong("'='");
    skip_blanks();
    return name;
  }

  Result<json::value> outer_value() {
    if (is_at('[') || is_at('{')) return inner_value(0);
    Result<json::value> first = scalar(kEndsFirst);
    if (!first) return first;
    skip_blanks();
    if (!is_at(',')) return first;
    return list_without_brackets(std::move(*first));
  }

  // At its first comma. What follows a comma belongs to the list unless it is `name=`.
  Result<json::value> list_without_brackets(json::value first) {
    json::array list{std::move(first)};
    while (true) {
      const std::size_t comma = at_++;
      skip_blanks();
      Result<json::value> next = is_value_next() ? scalar(kEndsOther) : wrong("a value");
      if (!next && at_end()) return next;
      skip_blanks();
      if (!next || (!at_end() && !is_at(','))) {
        // A second comma is the one that goes on, after a blank too.
        if (!is_at(',')) at_ = comma;
        break;
      }
      list.push_back(std::move(*next));
      if (at_end()) break;
    }
    if (list.size() == 1) return std::move(list.front());
    return json::value(std::move(list));
  }

  [[nodiscard]] bool is_value_next() const {
    return !at_end() && (is_at('\'') || is_at('"') || begins_value(text_[at_]));
  }

  Result<json::value> inner_value(int level) {
    if (level >= kDeepestLevel) return fail(FailureCode::usage, "shorthand: more than 16 levels of brackets");
    if (take('{')) return structure(level + 1);
    if (take('[')) return list(level + 1);
    return scalar(kEndsFirst);
  }

  Result<json::value> structure(int level) {
    json::object object;
    skip_blanks();
    while (!take('}')) {
      Result<std::string> name = key();
      if (!name) return fail(name.error());
      Result<json::value> read = inner_value(level);
      if (!read) return read;
      object[*name] = std::move(*read);
      skip_blanks();
      if (is_at('}')) continue;
      if (!take(',')) return wrong("',' or '}'");
      skip_blanks();
    }
    return json::value(std::move(object));
  }

  Result<json::value> list(int level) {
    json::array array;
    skip_blanks();
    while (!take(']')) {
      Result<json::value> element = inner_value(level);
      if (!element) return element;
      array.push_back(std::move(*element));
      skip_blanks();
      if (is_at(']')) continue;
      if (!take(',')) return wrong("',' or ']'");
      skip_blanks();
    }
    return json::value(std::move(array));
  }

  Result<json::value> scalar(std::string_view ends) {
    Result<std::string> read = is_at('\'') || is_at('"') ? quoted() : Result<std::string>(plain(ends));
    if (!read) return fail(read.error());
    if (!names_files_) return json::value(*read);
    if (!read_file_) return fail(FailureCode::usage, "shorthand: no file can be named here");
    Result<std::string> content = read_file_(*read);
    if (!content) return fail(content.error());
    return json::value(*content);
  }

  // An escaped quote ends the value all the same where no other one does.
  Result<std::string> quoted() {
    const char quote = text_[at_];
    const std::size_t start = at_ + 1;
    std::size_t end = std::string_view::npos;
    for (std::size_t at = start; at < text_.size(); ++at) {
      if (text_[at] == '\\' && at + 1 < text_.size() && text_[at + 1] == quote) {
        end = ++at;
      } else if (text_[at] == quote) {
        end = at;
        break;
      }
    }
    if (end == std::string_view::npos) {
      at_ = text_.size();
      return wrong("the closing quote");
    }
    at_ = end + 1;
    std::string read(text_.substr(start, end - start));
    replace_all(read, std::string{'\\', quote}, std::string(1, quote));
    replace_all(read, R"(\\)", R"(\)");
    return read;
  }

  // Empty where none begins here.
  std::string plain(std::string_view ends) {
    const auto escaped_comma = [this] { return text_.substr(at_, 2) == R"(\,)"; };
    const std::size_t start = at_;
    if (at_end() || !begins_value(text_[at_])) return {};
    at_ += escaped_comma() ? 2 : 1;
    while (!at_end() && (escaped_comma() || continues_value(text_[at_], ends)))
      at_ += escaped_comma() ? 2 : 1;
    std::string read(text_.substr(start, at_ - start));
    replace_all(read, R"(\,)", ",");
    read.resize(read.find_last_not_of(kBlanks) + 1);
    return read;
  }

  std::string_view text_;
  const ReadFile& read_file_;
  std::size_t at_ = 0;
  bool names_files_ = false;
};

}  // namespace

Result<json::object> parse_shorthand(std::string_view text, const ReadFile& read_file) {
  if (text.size() > kLongestText) return fail(FailureCode::usage, "shorthand: longer than 64 KiB");
  return Parser(text, read_file).parse();
}

}  // namespace ferry::feature
