#include "local/door/faults.hpp"

#include "local/api/input.hpp"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRules = 1000;
constexpr std::int64_t kLongestDelayMs = 600'000;

// The codes by which the services name failures of their own; all others are the caller's.
int status_of(std::string_view error) {
  constexpr int kServerError = 500;
  constexpr int kUnavailable = 503;
  constexpr int kClientError = 400;
  if (error.starts_with("ServiceUnavailable")) return kUnavailable;
  for (const std::string_view name : {"ServerException", "InternalFailure", "InternalServerError",
                                      "InternalServerException", "InternalError"}) {
    if (error == name) return kServerError;
  }
  return kClientError;
}

Failure wrong(std::string what) {
  return Failure{.code = FailureCode::usage, .what = std::move(what), .hint = {}, .service_code = {}};
}

std::optional<Failure> unknown_member(const json::object& object,
                                      std::initializer_list<std::string_view> names) {
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (std::ranges::find(names, key) == names.end()) {
      return wrong(fmt::format("there is no member \"{}\"", key));
    }
  }
  return std::nullopt;
}

Result<std::optional<std::string>> text_member(const json::object& rule, std::string_view name) {
  const json::value* member = rule.if_contains(name);
  if (member == nullptr || member->is_null()) return std::nullopt;
  if (!member->is_string() || member->get_string().empty()) {
    return fail(wrong(fmt::format("\"{}\" must be a string that is not empty", name)));
  }
  return std::string(member->get_string());
}

Result<std::optional<std::int64_t>> integer_member(const json::object& rule, std::string_view name,
                                                   std::int64_t least, std::int64_t most) {
  const json::value* member = rule.if_contains(name);
  if (member == nullptr || member->is_null()) return std::nullopt;
  if (!member->is_int64() || member->get_int64() < least || member->get_int64() > most) {
    return fail(wrong(fmt::format("\"{}\" must be an integer from {} to {}", name, least, most)));
  }
  return member->get_int64();
}

Result<double> probability_member(const json::object& rule) {
  const json::value* member = rule.if_contains("probability");
  if (member == nullptr || member->is_null()) return 1.0;
  boost::system::error_code error;
  const double probability = member->is_number() ? member->to_number<double>(error) : -1;
  if (error || !(probability >= 0 && probability <= 1)) {
    return fail(wrong("\"probability\" must be a number from 0 to 1"));
  }
  return probability;
}

// A number from 0 to 1 out of 53 random bits: unlike the standard distributions the same everywhere.
double fraction(std::mt19937_64& random) {
  constexpr unsigned kUnused = 11;
  constexpr double kSteps = 9'007'199'254'740'992.0;  // 2 to the 53rd
  return static_cast<double>(random() >> kUnused) / kSteps;
}

}  // namespace

Result<Faults::Rule> Faults::parse_rule(const json::value& value,
                                        const std::function<bool(std::string_view)>& is_known) {
  const json::object* rule = value.if_object();
  if (rule == nullptr) return fail(wrong("a rule must be a JSON object"));
  if (auto unknown =
          unknown_member(*rule, {"operation", "error", "message", "times", "probability", "delay_ms"})) {
    return fail(std::move(*unknown));
  }
  const auto operation = text_member(*rule, "operation");
  if (!operation) return fail(operation.error());
  if (!*operation) return fail(wrong("\"operation\" is missing"));
  if (**operation != "*" && !is_known(**operation)) {
    return fail(wrong(fmt::format("there is no operation {}", **operation)));
  }
  const auto error = text_member(*rule, "error");
  if (!error) return fail(error.error());
  const auto message = text_member(*rule, "message");
  if (!message) return fail(message.error());
  const auto times = integer_member(*rule, "times", 1, std::numeric_limits<std::int64_t>::max());
  if (!times) return fail(times.error());
  const auto delay_ms = integer_member(*rule, "delay_ms", 0, kLongestDelayMs);
  if (!delay_ms) return fail(delay_ms.error());
  const auto probability = probability_member(*rule);
  if (!probability) return fail(probability.error());
  if (!*error && !*delay_ms) return fail(wrong("it has neither \"error\" nor \"delay_ms\""));

  Rule parsed;
  parsed.operation = **operation;
  parsed.times_left = *times;
  parsed.probability = *probability;
  parsed.delay = milliseconds(delay_ms->value_or(0));
  if (*error) {
    parsed.error = ServiceError{.type = **error,
                                .message = message->value_or("injected by a fault rule"),
                                .status = status_of(**error),
                                .extra = {}};
  }
  return parsed;
}

Result<> Faults::replace(const json::object& input, const std::function<bool(std::string_view)>& is_known) {
  if (auto unknown = unknown_member(input, {"rules", "seed"})) return fail(std::move(*unknown));
  const json::value* list = input.if_contains("rules");
  if (list == nullptr || !list->is_array()) return fail(wrong("\"rules\" must be a list"));
  if (list->get_array().size() > kMostRules) {
    return fail(wrong(fmt::format("there are more than {} rules", kMostRules)));
  }
  const auto seed = integer_member(input, "seed", 0, std::numeric_limits<std::int64_t>::max());
  if (!seed) return fail(seed.error());
  std::vector<Rule> rules;
  for (const json::value& value : list->get_array()) {
    auto rule = parse_rule(value, is_known);
    if (!rule) return fail(rule.error().in(fmt::format("rule {}", rules.size() + 1)));
    rules.push_back(std::move(*rule));
  }
  rules_ = std::move(rules);
  random_.seed(static_cast<std::uint64_t>(seed->value_or(0)));
  return {};
}

void Faults::clear() {
  rules_.clear();
}

Faults::Verdict Faults::decide(std::string_view operation) {
  Verdict verdict;
  for (Rule& rule : rules_) {
    if (rule.operation != "*" && rule.operation != operation) continue;
    if (rule.times_left && *rule.times_left == 0) continue;
    if (rule.probability < 1.0 && fraction(random_) >= rule.probability) continue;
    if (rule.times_left) --*rule.times_left;
    verdict.delay += rule.delay;
    if (!rule.error) continue;
    verdict.error = rule.error;
    break;
  }
  return verdict;
}

}  // namespace ferry::local
