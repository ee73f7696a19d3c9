#include "local/door/fault_rules.hpp"

#include "local/api/input.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

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

Result<FaultRule::Fault> parse_call(const json::object& rule,
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

Result<FaultRule::Fault> parse_agent_fate(const json::object& rule) {
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

Result<FaultRule::Fault> parse_cut(const json::object& rule) {
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

constexpr std::array<std::pair<std::string_view, TaskFate::Kind>, 5> kTaskFates{{
    {"network_timeout", TaskFate::Kind::network_timeout},
    {"pull_failure", TaskFate::Kind::pull_failure},
    {"spot_interruption", TaskFate::Kind::spot_interruption},
    {"out_of_memory", TaskFate::Kind::out_of_memory},
    {"no_exit_code", TaskFate::Kind::no_exit_code},
}};

Result<FaultRule::Fault> parse_task(const json::object& rule) {
  if (auto unknown =
          unknown_member(rule, {"task", "capacity_provider", "times", "probability", "delay_ms"})) {
    return fail(std::move(*unknown));
  }
  const auto kind = text_member(rule, "task");
  if (!kind) return fail(kind.error());
  const auto capacity = text_member(rule, "capacity_provider");
  if (!capacity) return fail(capacity.error());
  const auto delay_ms = integer_member(rule, "delay_ms", 0, kLongestDelayMs);
  if (!delay_ms) return fail(delay_ms.error());
  if (*kind == "missing") {
    MissingFault missing;
    if (*delay_ms) missing.age = milliseconds(**delay_ms);
    return missing;
  }
  const auto* const known =
      std::ranges::find(kTaskFates, kind->value_or(""), &std::pair<std::string_view, TaskFate::Kind>::first);
  if (known == kTaskFates.end()) {
    return fail(
        wrong("\"task\" must be \"missing\", \"network_timeout\", \"pull_failure\", \"spot_interruption\", "
              "\"out_of_memory\" or \"no_exit_code\""));
  }
  TaskFault fault;
  fault.fate.kind = known->second;
  fault.fate.delay = milliseconds(delay_ms->value_or(0));
  fault.capacity_provider = capacity->value_or("");
  return fault;
}

Result<FaultRule::Fault> parse_failure(const json::object& rule) {
  if (auto unknown =
          unknown_member(rule, {"failure", "detail", "capacity_provider", "times", "probability"})) {
    return fail(std::move(*unknown));
  }
  const auto reason = text_member(rule, "failure");
  if (!reason) return fail(reason.error());
  const auto detail = text_member(rule, "detail");
  if (!detail) return fail(detail.error());
  const auto capacity = text_member(rule, "capacity_provider");
  if (!capacity) return fail(capacity.error());
  return RunFault{.reason = reason->value_or(""),
                  .detail = detail->value_or(""),
                  .capacity_provider = capacity->value_or("")};
}

Result<FaultRule::Fault> parse_log(const json::object& rule) {
  if (auto unknown = unknown_member(rule, {"log", "times", "probability", "delay_ms"})) {
    return fail(std::move(*unknown));
  }
  const auto kind = text_member(rule, "log");
  if (!kind) return fail(kind.error());
  const auto delay_ms = integer_member(rule, "delay_ms", 0, kLongestDelayMs);
  if (!delay_ms) return fail(delay_ms.error());
  LogFault fault;
  fault.delay = milliseconds(delay_ms->value_or(0));
  if (*kind == "late") {
    fault.kind = LogFault::Kind::late;
  } else if (*kind == "late_stream") {
    fault.kind = LogFault::Kind::late_stream;
  } else if (*kind == "doubled") {
    fault.kind = LogFault::Kind::doubled;
  } else if (*kind == "repeated") {
    fault.kind = LogFault::Kind::repeated;
  } else {
    return fail(wrong("\"log\" must be \"late\", \"late_stream\", \"doubled\" or \"repeated\""));
  }
  const bool is_late = fault.kind == LogFault::Kind::late || fault.kind == LogFault::Kind::late_stream;
  if (is_late != delay_ms->has_value()) {
    return fail(wrong("\"delay_ms\" goes with \"late\" and \"late_stream\", which need it"));
  }
  return fault;
}

Result<FaultRule::Fault> parse_fault(const json::object& rule,
                                     const std::function<bool(std::string_view)>& is_known) {
  if (rule.contains("agent")) return parse_agent_fate(rule);
  if (rule.contains("session")) return parse_cut(rule);
  if (rule.contains("task")) return parse_task(rule);
  if (rule.contains("failure")) return parse_failure(rule);
  if (rule.contains("log")) return parse_log(rule);
  return parse_call(rule, is_known);
}

Result<FaultRule> parse_rule(const json::value& value,
                             const std::function<bool(std::string_view)>& is_known) {
  const json::object* rule = value.if_object();
  if (rule == nullptr) return fail(wrong("a rule must be a JSON object"));
  auto fault = parse_fault(*rule, is_known);
  if (!fault) return fail(std::move(fault.error()));
  const auto times = integer_member(*rule, "times", 1, std::numeric_limits<std::int64_t>::max());
  if (!times) return fail(times.error());
  const auto probability = probability_member(*rule);
  if (!probability) return fail(probability.error());
  return FaultRule{.fault = std::move(*fault), .times_left = *times, .probability = *probability};
}

}  // namespace

Result<FaultRules> parse_fault_rules(const json::object& input,
                                     const std::function<bool(std::string_view)>& is_known) {
  if (auto unknown = unknown_member(input, {"rules", "seed"})) return fail(std::move(*unknown));
  const json::value* list = input.if_contains("rules");
  if (list == nullptr || !list->is_array()) return fail(wrong("\"rules\" must be a list"));
  if (list->get_array().size() > kMostFaultRules) {
    return fail(wrong(fmt::format("there are more than {} rules", kMostFaultRules)));
  }
  const auto seed = integer_member(input, "seed", 0, std::numeric_limits<std::int64_t>::max());
  if (!seed) return fail(seed.error());
  FaultRules parsed;
  for (const json::value& value : list->get_array()) {
    auto rule = parse_rule(value, is_known);
    if (!rule) return fail(rule.error().in(fmt::format("rule {}", parsed.rules.size() + 1)));
    parsed.rules.push_back(std::move(*rule));
  }
  parsed.seed = static_cast<std::uint64_t>(seed->value_or(0));
  return parsed;
}

}  // namespace ferry::local
