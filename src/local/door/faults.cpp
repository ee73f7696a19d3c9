#include "local/door/faults.hpp"

#include <utility>

namespace ferry::local {
namespace {

namespace json = boost::json;

// A number from 0 to 1 out of 53 random bits: unlike the standard distributions the same everywhere.
double fraction(std::mt19937_64& random) {
  constexpr unsigned kUnused = 11;
  constexpr double kSteps = 9'007'199'254'740'992.0;  // 2 to the 53rd
  return static_cast<double>(random() >> kUnused) / kSteps;
}

bool fits(std::string_view wanted, std::string_view capacity) {
  return wanted.empty() || wanted == capacity;
}

}  // namespace

Result<> Faults::replace(const json::object& input, const std::function<bool(std::string_view)>& is_known) {
  auto parsed = parse_fault_rules(input, is_known);
  if (!parsed) return fail(std::move(parsed.error()));
  rules_ = std::move(parsed->rules);
  random_.seed(parsed->seed);
  return {};
}

void Faults::clear() {
  rules_.clear();
}

bool Faults::fires(FaultRule& rule) {
  if (rule.times_left && *rule.times_left == 0) return false;
  if (rule.probability < 1.0 && fraction(random_) >= rule.probability) return false;
  if (rule.times_left) --*rule.times_left;
  return true;
}

Faults::Verdict Faults::decide(std::string_view operation) {
  Verdict verdict;
  for (FaultRule& rule : rules_) {
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

template <class Fault, class Fits>
const Fault* Faults::first(const Fits& fits) {
  for (FaultRule& rule : rules_) {
    const Fault* fault = std::get_if<Fault>(&rule.fault);
    if (fault != nullptr && fits(*fault) && fires(rule)) return fault;
  }
  return nullptr;
}

std::optional<RunFault> Faults::decide_run(std::string_view capacity) {
  const auto* fault =
      first<RunFault>([&](const RunFault& one) { return fits(one.capacity_provider, capacity); });
  return fault == nullptr ? std::nullopt : std::optional(*fault);
}

TaskFate Faults::decide_task(std::string_view capacity) {
  const auto* fault =
      first<TaskFault>([&](const TaskFault& one) { return fits(one.capacity_provider, capacity); });
  return fault == nullptr ? TaskFate() : fault->fate;
}

bool Faults::decide_missing(milliseconds age) {
  return first<MissingFault>([&](const MissingFault& one) { return !one.age || age < *one.age; }) != nullptr;
}

LineFate Faults::decide_line() {
  const auto is = [](LogFault::Kind kind) {
    return [kind](const LogFault& one) { return one.kind == kind; };
  };
  LineFate fate;
  if (const auto* late = first<LogFault>(is(LogFault::Kind::late))) fate.delay = late->delay;
  fate.is_doubled = first<LogFault>(is(LogFault::Kind::doubled)) != nullptr;
  return fate;
}

milliseconds Faults::decide_stream() {
  const auto* late =
      first<LogFault>([](const LogFault& one) { return one.kind == LogFault::Kind::late_stream; });
  return late == nullptr ? milliseconds(0) : late->delay;
}

bool Faults::decide_repeated() {
  return first<LogFault>([](const LogFault& one) { return one.kind == LogFault::Kind::repeated; }) != nullptr;
}

AgentFate Faults::decide_agent() {
  const auto* fate = first<AgentFate>([](const AgentFate&) { return true; });
  return fate == nullptr ? AgentFate() : *fate;
}

std::optional<std::size_t> Faults::decide_cut() {
  const auto* cut = first<CutFault>([](const CutFault&) { return true; });
  return cut == nullptr ? std::nullopt : std::optional(cut->after_bytes);
}

Fates Faults::fates() {
  return {.agent = [this] { return decide_agent(); },
          .task = [this](std::string_view capacity) { return decide_task(capacity); },
          .line = [this] { return decide_line(); },
          .stream = [this] { return decide_stream(); }};
}

}  // namespace ferry::local
