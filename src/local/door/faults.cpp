#include "local/door/faults.hpp"

#include "local/api/input.hpp"

#include <algorithm>
#include <initializer_list>
#include <limits>

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

Result<CallFault> parse_call(const json::object& rule,
                             const std::function<bool(std::string_view)>& is_known) {
  if (auto unknown =
          unknown_member(rule, {"operation", "error", "message", "times", "probability", "delay_ms"})) {
    return fail(std::move(*unknown));
  }
  const auto operation = text_member(rule, "operation");
  if (!operation) return fail(operation.error());
  if (!*operation) return fail(wrong("\"operation\" is missing"));
  if (**operation != "*" && !is_known(**operation)) {
    return fail(wrong(fmt::format("there is no operation {}", **operation)));
  }
  const auto error = text_member(rule, "error");
  if (!error) return fail(error.error());
  const auto message = text_member(rule, "message");
  if (!message) return fail(message.error());
  const auto delay_ms = integer_member(rule, "delay_ms", 0, kLongestDelayMs);
  if (!delay_ms) return fail(delay_ms.error());
  if (!*error && !*delay_ms) return fail(wrong("it has neither \"error\" nor \"delay_ms\""));

  CallFault call;
  call.operation = **operation;
  call.delay = milliseconds(delay_ms->value_or(0));
  if (*error) {
    call.error = ServiceError{.type = **error,
                              .message = message->value_or("injected by a fault rule"),
                              .status = status_of(**error),
                              .extra = {}};
  }
  return call;
}

Result<AgentFate> parse_agent_fate(const json::object& rule) {
  if (auto unknown = unknown_member(rule, {"agent", "times", "probability", "delay_ms"})) {
    return fail(std::move(*unknown));
  }
  const auto status = text_member(rule, "agent");
  if (!status) return fail(status.error());
  if (*status != "PENDING" && *status != "STOPPED") {
    return fail(wrong("\"agent\" must be \"PENDING\" or \"STOPPED\""));
  }
  const auto delay_ms = integer_member(rule, "delay_ms", 0, kLongestDelayMs);
  if (!delay_ms) return fail(delay_ms.error());
  AgentFate fate;
  fate.is_stopped = *status == "STOPPED";
  if (*delay_ms) {
    fate.delay = milliseconds(**delay_ms);
  } else if (!fate.is_stopped) {
    fate.delay.reset();
  }
  return fate;
}

Result<CutFault> parse_cut(const json::object& rule) {
  if (auto unknown = unknown_member(rule, {"session", "times", "probability", "after_bytes"})) {
    return fail(std::move(*unknown));
  }
  const auto what = text_member(rule, "session");
  if (!what) return fail(what.error());
  if (*what != "cut") return fail(wrong("\"session\" must be \"cut\""));
  const auto after_bytes = integer_member(rule, "after_bytes", 0, std::numeric_limits<std::int64_t>::max());
  if (!after_bytes) return fail(after_bytes.error());
  return CutFault{.after_bytes = static_cast<std::size_t>(after_bytes->value_or(0))};
}

}  // namespace

Result<Faults::Rule> Faults::parse_rule(const json::value& value,
                                        const std::function<bool(std::string_view)>& is_known) {
  const json::object* rule = value.if_object();
  if (rule == nullptr) return fail(wrong("a rule must be a JSON object"));
  Rule parsed;
  if (rule->contains("agent")) {
    auto fate = parse_agent_fate(*rule);
    if (!fate) return fail(std::move(fate.error()));
    parsed.fault = *fate;
  } else if (rule->contains("session")) {
    auto cut = parse_cut(*rule);
    if (!cut) return fail(std::move(cut.error()));
    parsed.fault = *cut;
  } else {
    auto call = parse_call(*rule, is_known);
    if (!call) return fail(std::move(call.error()));
    parsed.fault = std::move(*call);
  }
  const auto times = integer_member(*rule, "times", 1, std::numeric_limits<std::int64_t>::max());
  if (!times) return fail(times.error());
  const auto probability = probability_member(*rule);
  if (!probability) return fail(probability.error());
  parsed.times_left = *times;
  parsed.probability = *probability;
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

bool Faults::fires(Rule& rule) {
  if (rule.times_left && *rule.times_left == 0) return false;
  if (rule.probability < 1.0 && fraction(random_) >= rule.probability) return false;
  if (rule.times_left) --*rule.times_left;
  return true;
}

Faults::Verdict Faults::decide(std::string_view operation) {
  Verdict verdict;
  for (Rule& rule : rules_) {
    const CallFault* call = std::get_if<CallFault>(&rule.fault);
    if (call == nullptr || (call->operation != "*" && call->operation != operation)) continue;
    if (!fires(rule)) continue;
    verdict.delay += call->delay;
    if (!call->error) continue;
    verdict.error = call->error;
    break;
  }
  return verdict;
}

AgentFate Faults::decide_agent() {
  for (Rule& rule : rules_) {
    const AgentFate* fate = std::get_if<AgentFate>(&rule.fault);
    if (fate != nullptr && fires(rule)) return *fate;
  }
  return {};
}

std::optional<std::size_t> Faults::decide_cut() {
  for (Rule& rule : rules_) {
    const CutFault* cut = std::get_if<CutFault>(&rule.fault);
    if (cut != nullptr && fires(rule)) return cut->after_bytes;
  }
  return std::nullopt;
}

}  // namespace ferry::local
