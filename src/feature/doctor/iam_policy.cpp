#include "feature/doctor/iam_policy.hpp"

#include "aws/answer_reader.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

enum class Match { no, maybe, yes };

Match both(Match a, Match b) {
  return std::min(a, b);
}

Match negated(Match match) {
  if (match == Match::maybe) return match;
  return match == Match::yes ? Match::no : Match::yes;
}

// One text or a list of texts, as IAM allows for every member.
std::vector<std::string> one_or_more(const json::value* value) {
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (const json::string* text = value->if_string()) texts.emplace_back(*text);
  if (const json::array* list = value->if_array()) {
    for (const json::value& element : *list) {
      if (const json::string* text = element.if_string()) texts.emplace_back(*text);
    }
  }
  return texts;
}

PolicyStatement statement_from(const json::object& source) {
  PolicyStatement statement;
  statement.id = aws::text_in(source, "Sid");
  statement.allows = aws::text_in(source, "Effect") == "Allow";
  statement.is_not_action = source.contains("NotAction");
  statement.actions = one_or_more(source.if_contains(statement.is_not_action ? "NotAction" : "Action"));
  statement.is_not_resource = source.contains("NotResource");
  statement.resources =
      one_or_more(source.if_contains(statement.is_not_resource ? "NotResource" : "Resource"));
  statement.has_not_principal = source.contains("NotPrincipal");
  if (const json::value* principal = source.if_contains("Principal")) {
    const json::object* kinds = principal->if_object();
    statement.services = one_or_more(kinds == nullptr ? principal : kinds->if_contains("Service"));
  }
  if (const json::object* conditions = aws::object_in(source, "Condition"))
    statement.conditions = *conditions;
  return statement;
}

Match match_any(const std::vector<std::string>& patterns, std::string_view text) {
  Match best = Match::no;
  for (const std::string& pattern : patterns) {
    if (pattern.find("${") != std::string::npos) {
      best = std::max(best, Match::maybe);  // a policy variable: its value is the request's
    } else if (matches_wildcard(pattern, text)) {
      return Match::yes;
    }
  }
  return best;
}

Match match_action(const PolicyStatement& statement, std::string_view action) {
  const std::string lower = to_lower(action);
  const bool found = std::ranges::any_of(
      statement.actions, [&lower](const std::string& one) { return matches_wildcard(to_lower(one), lower); });
  return found != statement.is_not_action ? Match::yes : Match::no;
}

Match match_resource(const PolicyStatement& statement, const AccessQuestion& question) {
  if (!question.principal.empty()) return Match::yes;  // a trust policy's resource is its role
  const Match found = match_any(statement.resources, question.resource);
  return statement.is_not_resource ? negated(found) : found;
}

Match match_principal(const PolicyStatement& statement, const AccessQuestion& question) {
  if (question.principal.empty()) return Match::yes;
  if (statement.has_not_principal) return Match::maybe;
  return match_any(statement.services, question.principal);
}

// One key of one operator: any of the values may match.
Match match_key(std::string_view comparison, const std::vector<std::string>& values,
                std::string_view actual) {
  constexpr std::array<std::string_view, 4> kWithWildcards{"stringlike", "arnlike", "arnequals"};
  if (comparison == "stringequals")
    return std::ranges::find(values, actual) != values.end() ? Match::yes : Match::no;
  const bool has_wildcards = std::ranges::find(kWithWildcards, comparison) != kWithWildcards.end();
  return has_wildcards ? match_any(values, actual) : Match::maybe;
}

Match match_conditions(const PolicyStatement& statement, const AccessQuestion& question) {
  Match all = Match::yes;
  for (const auto& [comparison, keys] : statement.conditions) {
    const json::object* by_key = keys.if_object();
    if (by_key == nullptr) return Match::maybe;
    for (const auto& [key, values] : *by_key) {
      const auto known = question.context.find(to_lower(key));
      const Match one = known == question.context.end()
                            ? Match::maybe
                            : match_key(to_lower(comparison), one_or_more(&values), known->second);
      all = both(all, one);
    }
  }
  return all;
}

Match match(const PolicyStatement& statement, const AccessQuestion& question) {
  const Match action_and_resource =
      both(match_action(statement, question.action), match_resource(statement, question));
  return both(both(action_and_resource, match_principal(statement, question)),
              match_conditions(statement, question));
}

std::string place_of(const Policy& policy, std::size_t index) {
  const std::string& id = policy.statements[index].id;
  return fmt::format("policy {}, statement {}", policy.name, id.empty() ? std::to_string(index + 1) : id);
}

}  // namespace

Result<Policy> parse_policy(std::string name, std::string arn, std::string_view text) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* document = error ? nullptr : parsed.if_object();
  const json::value* statements = document == nullptr ? nullptr : document->if_contains("Statement");
  if (statements == nullptr)
    return fail(FailureCode::protocol, fmt::format("policy {} is no policy document", name));
  Policy policy;
  policy.name = std::move(name);
  policy.arn = std::move(arn);
  policy.text = text;
  if (const json::object* only = statements->if_object()) policy.statements.push_back(statement_from(*only));
  for (const json::object* one : aws::objects_in(*document, "Statement"))
    policy.statements.push_back(statement_from(*one));
  return policy;
}

std::string url_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::optional<Bytes> byte =
        text[i] == '%' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    decoded += byte ? static_cast<char>(byte->front()) : text[i];
    if (byte) i += 2;
  }
  return decoded;
}

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  std::size_t at = 0, star = std::string_view::npos, resume = 0, i = 0;
  while (i < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = i;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[i])) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

AccessRuling evaluate(std::span<const Policy> policies, const AccessQuestion& question) {
  std::optional<std::string> allowed, maybe_allowed, maybe_denied;
  for (const Policy& policy : policies) {
    for (std::size_t i = 0; i < policy.statements.size(); ++i) {
      const Match found = match(policy.statements[i], question);
      if (found == Match::no) continue;
      const bool allows = policy.statements[i].allows;
      if (found == Match::yes && !allows)
        return {.access = Access::explicitly_denied, .because = place_of(policy, i)};
      std::optional<std::string>& place = !allows               ? maybe_denied
                                          : found == Match::yes ? allowed
                                                                : maybe_allowed;
      if (!place) place = place_of(policy, i);
    }
  }
  if (!allowed && !maybe_allowed) return {};
  if (maybe_denied) return {.access = Access::unknown, .because = *maybe_denied};
  if (!allowed) return {.access = Access::unknown, .because = *maybe_allowed};
  return {.access = Access::allowed, .because = *allowed};
}

}  // namespace ferry::feature
