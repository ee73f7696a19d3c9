#include "feature/run/shorthand.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestText = std::size_t{64} << 10U;
constexpr int kDeepestLevel = 16;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '#' || c == '/' || c == '-';
}

// Recursive descent; each function leaves `at_` behind what it read.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<json::object> parse() {
    Result<json::object> whole = pairs('\0', 0);
    if (whole && at_ != text_.size()) return wrong("a comma");
    return whole;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  void skip_blanks() {
    while (!at_end() && is_blank(peek())) ++at_;
  }
  bool take(char wanted) {
    if (peek() != wanted || at_end()) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] tl::unexpected<Failure> wrong(std::string_view expected) const {
    const std::string found = at_end() ? "the end" : fmt::format("'{}'", peek());
    return fail(FailureCode::usage,
                fmt::format("shorthand: expected {} but found {} at character {}", expected, found, at_ + 1));
  }

  // key=value, ... up to `closing` (0: the end), which stays unread.
  Result<json::object> pairs(char closing, int level) {
    json::object object;
    do {
      skip_blanks();
      Result<std::string> name = key();
      if (!name) return fail(name.error());
      if (object.contains(*name))
        return fail(FailureCode::usage, fmt::format("shorthand: '{}' is given twice", *name));
      if (!take('=')) return wrong("'='");
      Result<json::value> read = closing == '\0' ? values(level) : value(closing, level);
      if (!read) return fail(read.error());
      object.emplace(*name, std::move(*read));
      skip_blanks();
    } while (take(','));
    return object;
  }

  Result<std::string> key() {
    const std::size_t start = at_;
    while (!at_end() && is_key_character(peek())) ++at_;
    if (at_ == start) return wrong("a name");
    return std::string(text_.substr(start, at_ - start));
  }

  // At the outermost level `a=x,y` is a list: what follows a comma belongs to it unless it is `name=`.
  Result<json::value> values(int level) {
    Result<json::value> first = value('\0', level);
    if (!first) return first;
    json::array list;
    skip_blanks();
    while (peek() == ',' && !key_follows(at_ + 1)) {
      ++at_;
      skip_blanks();
      if (at_end() || peek() == ',') return wrong("a value");
      Result<json::value> next = value('\0', level);
      if (!next) return next;
      if (list.empty()) list.push_back(std::move(*first));
      list.push_back(std::move(*next));
      skip_blanks();
    }
    if (list.empty()) return first;
    return json::value(std::move(list));
  }

  [[nodiscard]] bool key_follows(std::size_t position) const {
    while (position < text_.size() && is_blank(text_[position])) ++position;
    const std::size_t start = position;
    while (position < text_.size() && is_key_character(text_[position])) ++position;
    return position > start && position < text_.size() && text_[position] == '=';
  }

  Result<json::value> value(char closing, int level) {
    skip_blanks();
    if (level >= kDeepestLevel) return fail(FailureCode::usage, "shorthand: more than 16 levels of brackets");
    if (take('{')) return structure(level + 1);
    if (take('[')) return list(level + 1);
    if (peek() == '\'' || peek() == '"') return quoted();
    return plain(closing);
  }

  Result<json::value> structure(int level) {
    skip_blanks();
    if (take('}')) return json::value(json::object());
    Result<json::object> object = pairs('}', level);
    if (!object) return fail(object.error());
    if (!take('}')) return wrong("',' or '}'");
    return json::value(std::move(*object));
  }

  Result<json::value> list(int level) {
    json::array array;
    skip_blanks();
    if (take(']')) return json::value(std::move(array));
    do {
      Result<json::value> element = value(']', level);
      if (!element) return element;
      array.push_back(std::move(*element));
      skip_blanks();
    } while (take(','));
    if (!take(']')) return wrong("',' or ']'");
    return json::value(std::move(array));
  }

  Result<json::value> quoted() {
    const char quote = text_[at_++];
    std::string read;
    while (!at_end() && peek() != quote) {
      if (peek() == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == quote || text_[at_ + 1] == '\\'))
        ++at_;
      read += text_[at_++];
    }
    if (!take(quote)) return wrong("the closing quote");
    return json::value(read);
  }

  Result<json::value> plain(char closing) {
    const std::size_t start = at_;
    while (!at_end() && peek() != ',' && (closing == '\0' || peek() != closing)) {
      if (closing != '\0' && (peek() == '[' || peek() == '{')) return wrong("',' before a bracket");
      ++at_;
    }
    std::string_view read = text_.substr(start, at_ - start);
    while (!read.empty() && is_blank(read.back())) read.remove_suffix(1);
    if (read.empty() && closing == ']') return wrong("a value");
    return json::value(std::string(read));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<json::object> parse_shorthand(std::string_view text) {
  if (text.size() > kLongestText) return fail(FailureCode::usage, "shorthand: longer than 64 KiB");
  return Parser(text).parse();
}

}  // namespace ferry::feature
