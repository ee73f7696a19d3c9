#include "local/api/log_filter.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::local {
namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool contains_term(std::string_view message, std::string_view term) {
  for (std::size_t at = message.find(term); at != std::string_view::npos; at = message.find(term, at + 1)) {
    const std::size_t end = at + term.size();
    const bool begins = at == 0 || !is_word_character(term.front()) || !is_word_character(message[at - 1]);
    const bool ends =
        end == message.size() || !is_word_character(term.back()) || !is_word_character(message[end]);
    if (begins && ends) return true;
  }
  return false;
}

// Takes the first term off `rest`, which begins with it.
Result<std::string> take_term(std::string_view& rest) {
  const bool is_quoted = rest.starts_with('"');
  if (is_quoted) rest.remove_prefix(1);
  const std::size_t end = is_quoted ? rest.find('"') : rest.find_first_of(" \t");
  if (is_quoted && end == std::string_view::npos) {
    return fail(FailureCode::usage, "the filter pattern has a quotation mark that is not closed");
  }
  std::string term(rest.substr(0, end));
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + (is_quoted ? 1 : 0));
  if (term.empty()) return fail(FailureCode::usage, "the filter pattern has an empty term");
  return term;
}

}  // namespace

Result<LogFilter> LogFilter::parse(std::string_view pattern) {
  LogFilter filter;
  std::string_view rest = trim(pattern);
  if (rest.starts_with('{') || rest.starts_with('[') || rest.starts_with('%')) {
    return fail(
        FailureCode::usage,
        fmt::format(
            "the filter pattern {} is not one of plain terms, which are all that ferry local supports",
            pattern));
  }
  while (!rest.empty()) {
    std::vector<std::string>* terms = &filter.all_;
    if (rest.starts_with('?')) terms = &filter.any_;
    if (rest.starts_with('-')) terms = &filter.none_;
    if (terms != &filter.all_) rest.remove_prefix(1);
    auto term = take_term(rest);
    if (!term) return fail(std::move(term.error()));
    terms->push_back(std::move(*term));
    rest = trim(rest);
  }
  return filter;
}

bool LogFilter::matches(std::string_view message) const {
  const auto is_in_message = [&](const std::string& term) { return contains_term(message, term); };
  return std::ranges::all_of(all_, is_in_message) && std::ranges::none_of(none_, is_in_message) &&
         (any_.empty() || std::ranges::any_of(any_, is_in_message));
}

}  // namespace ferry::local
