#include "aws/xml_answer.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::aws {
namespace {

namespace json = boost::json;

constexpr int kMostDepth = 32;
constexpr std::array<std::string_view, 2> kListItems{"member", "item"};  // the latter is EC2's

void append_utf8(std::string& text, std::uint32_t code_point) {
  const auto tail = [code_point](unsigned shift) {
    return static_cast<char>(0x80U | (code_point >> shift & 0x3FU));
  };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xC0U | code_point >> 6U);
    text += tail(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xE0U | code_point >> 12U);
    text += tail(6);
    text += tail(0);
  } else {
    text += static_cast<char>(0xF0U | code_point >> 18U);
    text += tail(12);
    text += tail(6);
    text += tail(0);
  }
}

// "#38", "#x26": the character's number, if it is one.
std::optional<std::uint32_t> character_reference(std::string_view name) {
  if (!name.starts_with('#')) return std::nullopt;
  name.remove_prefix(1);
  const bool is_hex = name.starts_with('x');
  if (is_hex) name.remove_prefix(1);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value, is_hex ? 16 : 10);
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (error != std::errc{} || end != name.data() + name.size() || value > 0x10FFFF || is_surrogate) {
    return std::nullopt;
  }
  return value;
}

bool append_entity(std::string& text, std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNamed{
      {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [entity, character] : kNamed) {
    if (entity != name) continue;
    text += character;
    return true;
  }
  const std::optional<std::uint32_t> code_point = character_reference(name);
  if (code_point) append_utf8(text, *code_point);
  return code_point.has_value();
}

struct Element {
  std::string name;
  json::value value;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<json::object> document() {
    skip_between_elements();
    Result<Element> root = element(0);
    if (!root) return fail(root.error());
    skip_between_elements();
    if (!rest_.empty()) return refuse("text after the end");
    json::object answer;
    answer.emplace(root->name, std::move(root->value));
    return answer;
  }

 private:
  static tl::unexpected<Failure> refuse(std::string_view why) {
    return fail(FailureCode::protocol, fmt::format("malformed XML answer: {}", why));
  }

  // Declarations, comments and blanks.
  void skip_between_elements() {
    for (;;) {
      rest_ = rest_.substr(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
      const bool is_comment = rest_.starts_with("<!--");
      if (!is_comment && !rest_.starts_with("<?")) return;
      const std::string_view end = is_comment ? "-->" : "?>";
      const std::size_t found = rest_.find(end);
      rest_.remove_prefix(found == std::string_view::npos ? rest_.size() : found + end.size());
    }
  }

  // One element: its name and what it holds.
  Result<Element> element(int depth) {
    if (depth >= kMostDepth) return refuse("nested too deep");
    const std::size_t close = rest_.find('>');
    if (!rest_.starts_with('<') || close == std::string_view::npos) return refuse("expected an element");
    std::string_view tag = rest_.substr(1, close - 1);
    rest_.remove_prefix(close + 1);
    const bool is_empty = tag.ends_with('/');
    if (is_empty) tag.remove_suffix(1);
    const std::string name(tag.substr(0, tag.find_first_of(" \t\r\n")));
    if (name.empty() || name.starts_with('/') || name.starts_with('!') || !is_valid_utf8(name))
      return refuse("expected an element");
    if (is_empty) return Element{.name = name, .value = json::string()};
    Result<json::value> value = content(name, depth);
    if (!value) return fail(value.error());
    return Element{.name = name, .value = std::move(*value)};
  }

  // Up to and with the end tag of `name`.
  Result<json::value> content(const std::string& name, int depth) {
    const std::string end_tag = fmt::format("</{}>", name);
    std::string text;
    std::vector<Element> children;
    while (!rest_.starts_with(end_tag)) {
      const Result<> read = text_until_tag(text);
      if (!read) return fail(read.error());
      if (rest_.starts_with("<!--")) {
        skip_between_elements();
      } else if (!rest_.starts_with("</")) {
        Result<Element> child = element(depth + 1);
        if (!child) return fail(child.error());
        children.push_back(std::move(*child));
      } else if (!rest_.starts_with(end_tag)) {
        return refuse(fmt::format("{} does not end", name));
      }
    }
    rest_.remove_prefix(end_tag.size());
    return children.empty() ? Result<json::value>(json::string(text)) : composed(std::move(children));
  }

  static Result<json::value> composed(std::vector<Element> children) {
    const std::string& first = children.front().name;
    const bool is_list = std::ranges::find(kListItems, first) != kListItems.end();
    if (is_list && std::ranges::all_of(children, [&](const Element& child) { return child.name == first; })) {
      json::array items;
      for (Element& child : children) items.push_back(std::move(child.value));
      return json::value(std::move(items));
    }
    json::object members;
    for (Element& child : children) {
      if (!members.emplace(child.name, std::move(child.value)).second) {
        return refuse(fmt::format("{} comes twice", child.name));
      }
    }
    return json::value(std::move(members));
  }

  Result<> text_until_tag(std::string& text) {
    const std::size_t end = rest_.find('<');
    if (end == std::string_view::npos) return refuse("it ends too early");
    std::string_view piece = rest_.substr(0, end);
    if (!is_valid_utf8(piece)) return refuse("not UTF-8");
    rest_.remove_prefix(end);
    while (!piece.empty()) {
      const std::size_t ampersand = piece.find('&');
      text += piece.substr(0, ampersand);
      if (ampersand == std::string_view::npos) return {};
      const std::size_t semicolon = piece.find(';', ampersand);
      if (semicolon == std::string_view::npos) return refuse("an entity does not end");
      if (!append_entity(text, piece.substr(ampersand + 1, semicolon - ampersand - 1))) {
        return refuse("an unknown entity");
      }
      piece.remove_prefix(semicolon + 1);
    }
    return {};
  }

  std::string_view rest_;
};

}  // namespace

Result<json::object> parse_xml_answer(std::string_view text) {
  return Reader(text).document();
}

}  // namespace ferry::aws
