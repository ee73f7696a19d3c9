#include "feature/run/structure_argument.hpp"

#include "base/text.hpp"
#include "feature/run/run_task_model.hpp"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

bool is_json(std::string_view word) {
  return trim(word).starts_with('{') || trim(word).starts_with('[');
}

Result<json::value> parse_word(std::string_view word, bool as_json, const ReadFile& read_file) {
  if (!as_json) {
    Result<json::object> object = parse_shorthand(word, read_file);
    if (!object) return fail(object.error());
    return json::value(std::move(*object));
  }
  boost::system::error_code error;
  json::value value = json::parse(trim(word), error);
  if (error) return fail(FailureCode::usage, "not valid JSON: " + error.message());
  return value;
}

Result<json::value> parse_words(const Member& member, std::span<const std::string> words,
                                const ReadFile& read_file) {
  const bool as_json = is_json(words.front());
  const bool is_list = member.shape == Shape::structures;
  if (!is_list || (words.size() == 1 && trim(words.front()).starts_with('[')))
    return parse_word(words.front(), as_json, read_file);
  json::array list;
  for (const std::string& word : words) {
    Result<json::value> element = parse_word(word, as_json, read_file);
    if (!element) return element;
    list.push_back(std::move(*element));
  }
  return json::value(std::move(list));
}

}  // namespace

Result<json::value> parse_structure(std::string_view flag, std::string_view name,
                                    std::span<const std::string> words, const ReadFile& read_file) {
  const Member& member = run_task_member(name);
  if (words.empty()) return fail(FailureCode::usage, fmt::format("{}: no value", flag));
  Result<json::value> value = parse_words(member, words, read_file);
  if (!value) return fail(value.error().in(flag));
  if (!is_json(words.front())) spell_out(*value, member);
  const bool is_structure = member.shape == Shape::structure;
  if (is_structure && !value->is_object())
    return fail(FailureCode::usage, fmt::format("{}: not a JSON object", flag));
  // A flag's value is at the top of what the user has written.
  const Result<> checked = is_structure ? check_members(value->get_object(), {}, member.members)
                                        : check_value(*value, std::string(name), member);
  if (!checked) return fail(checked.error().in(flag));
  return value;
}

}  // namespace ferry::feature
