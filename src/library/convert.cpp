#include "library/convert.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace ferry::library {
namespace {

constexpr milliseconds kShortestPing{1'000}, kLongestPing{5 * 60'000};
constexpr milliseconds kLongestTimeout = std::chrono::days(365);

Outcome public_outcome(feature::Outcome outcome) {
  switch (outcome) {
    case feature::Outcome::exited:
      return Outcome::exited;
    case feature::Outcome::timeout:
      return Outcome::timeout;
    case feature::Outcome::interrupted:
      return Outcome::interrupted;
    case feature::Outcome::lost:
      return Outcome::lost;
    case feature::Outcome::not_started:
      return Outcome::not_started;
    case feature::Outcome::unknown:
    case feature::Outcome::detached:  // nothing here asks for it
      break;
  }
  return Outcome::unknown;
}

feature::Outcome feature_outcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::exited:
      return feature::Outcome::exited;
    case Outcome::timeout:
      return feature::Outcome::timeout;
    case Outcome::interrupted:
      return feature::Outcome::interrupted;
    case Outcome::lost:
      return feature::Outcome::lost;
    case Outcome::not_started:
      return feature::Outcome::not_started;
    case Outcome::unknown:
    case Outcome::failed:
      break;
  }
  return feature::Outcome::unknown;
}

constexpr std::array kExitCodeSources{std::pair(feature::ExitCodeSource::frame, ExitCodeSource::frame),
                                      std::pair(feature::ExitCodeSource::payload, ExitCodeSource::payload),
                                      std::pair(feature::ExitCodeSource::describe, ExitCodeSource::describe)};
constexpr std::array kLogStates{std::pair(feature::LogState::complete, LogState::complete),
                                std::pair(feature::LogState::settled, LogState::settled),
                                std::pair(feature::LogState::unavailable, LogState::unavailable)};

template <class Inner, class Public, std::size_t Size>
std::optional<Public> translate(const std::optional<Inner>& value,
                                const std::array<std::pair<Inner, Public>, Size>& table) {
  if (!value) return std::nullopt;
  return std::ranges::find(table, *value, &std::pair<Inner, Public>::first)->second;
}

template <class Inner, class Public, std::size_t Size>
std::optional<Inner> translate_back(const std::optional<Public>& value,
                                    const std::array<std::pair<Inner, Public>, Size>& table) {
  if (!value) return std::nullopt;
  return std::ranges::find(table, *value, &std::pair<Inner, Public>::second)->first;
}

feature::Framing feature_framing(Framing framing) {
  switch (framing) {
    case Framing::plain:
      return feature::Framing::plain;
    case Framing::exact:
      return feature::Framing::exact;
    case Framing::automatic:
      break;
  }
  return feature::Framing::automatic;
}

feature::OutputSink sink(const Output& output, std::string& capture) {
  if (const auto* descriptor = std::get_if<Descriptor>(&output)) return descriptor->number;
  if (const auto* function = std::get_if<OutputFunction>(&output)) {
    return [function = *function](BytesView bytes) { function(as_text(bytes)); };
  }
  return &capture;
}

feature::InputSource source(const Input& input) {
  if (const auto* descriptor = std::get_if<Descriptor>(&input)) return descriptor->number;
  if (const auto* text = std::get_if<std::string>(&input)) return to_bytes(*text);
  return std::monostate();
}

bool is_callable(const Output& output) {
  const auto* function = std::get_if<OutputFunction>(&output);
  return function == nullptr || *function != nullptr;
}

using TimePoint = std::chrono::system_clock::time_point;

std::optional<TimePoint> public_time(std::optional<WallTime> time) {
  return time ? std::optional<TimePoint>(*time) : std::nullopt;
}

std::optional<WallTime> feature_time(std::optional<TimePoint> time) {
  return time ? std::optional(std::chrono::floor<milliseconds>(*time)) : std::nullopt;
}

}  // namespace

Result<feature::ExecOptions> exec_options(const Options& options, Captures& captures) {
  if (options.timeout && (*options.timeout <= milliseconds::zero() || *options.timeout > kLongestTimeout))
    return fail(FailureCode::usage, "the timeout is not above zero and at most 365 days");
  if (options.keep_alive_interval < milliseconds::zero())
    return fail(FailureCode::usage, "the keep-alive interval is below zero");
  if (options.ping_interval < kShortestPing || options.ping_interval > kLongestPing)
    return fail(FailureCode::usage, "the interval of pings is not 1 s to 5 min");
  if (!is_callable(options.standard_output) || !is_callable(options.standard_error))
    return fail(FailureCode::usage, "an output function is empty");
  if (options.capture_limit == 0) return fail(FailureCode::usage, "the capture limit is zero");
  feature::ExecOptions translated;
  translated.capture_limit = options.capture_limit;
  translated.input = source(options.input);
  translated.standard_output = sink(options.standard_output, captures.standard_output);
  translated.standard_error = sink(options.standard_error, captures.standard_error);
  translated.time_limit = options.timeout;
  translated.framing = feature_framing(options.framing);
  translated.keep_alive_interval = options.keep_alive_interval;
  translated.channel.is_unsigned = options.unsigned_channel;
  translated.channel.ping_interval = options.ping_interval;
  translated.heeds_signals = options.heeds_signals;
  if (options.notice) {
    translated.notice = [say = options.notice](std::string_view line) { say(printable(shortened(line))); };
  }
  return translated;
}

CommandResult public_result(feature::CommandResult result, const Options& options, Captures& captures) {
  CommandResult translated;
  translated.mode = result.mode == feature::Mode::run ? Mode::run : Mode::exec;
  translated.outcome = public_outcome(result.outcome);
  translated.exit_code = result.exit_code;
  translated.exit_code_source = translate(result.exit_code_source, kExitCodeSources);
  translated.logs = translate(result.logs, kLogStates);
  if (std::holds_alternative<Captured>(options.standard_output))
    translated.standard_output = std::move(captures.standard_output);
  if (std::holds_alternative<Captured>(options.standard_error))
    translated.standard_error = std::move(captures.standard_error);
  translated.streams_merged = result.streams_merged;
  if (result.framing)
    translated.framing = *result.framing == feature::UsedFraming::exact ? Framing::exact : Framing::plain;
  translated.cluster = std::move(result.cluster);
  translated.task = std::move(result.task);
  translated.container = std::move(result.container);
  translated.stop_code = std::move(result.stop_code);
  translated.stopped_reason = std::move(result.stopped_reason);
  translated.explanation = printable(shortened(result.explanation));
  translated.retryable = result.retryable;
  translated.started_at = public_time(result.started_at);
  translated.ended_at = public_time(result.ended_at);
  return translated;
}

CommandResult public_result(const Failure& failure) {
  CommandResult result;
  result.outcome = Outcome::failed;
  result.explanation = failure.line();
  return result;
}

feature::CommandResult feature_result_without_output(const CommandResult& result) {
  feature::CommandResult translated;
  translated.mode = result.mode == Mode::run ? feature::Mode::run : feature::Mode::exec;
  translated.cluster = result.cluster;
  translated.task = result.task;
  translated.container = result.container;
  translated.outcome = feature_outcome(result.outcome);
  translated.exit_code = result.exit_code;
  translated.exit_code_source = translate_back(result.exit_code_source, kExitCodeSources);
  translated.logs = translate_back(result.logs, kLogStates);
  translated.streams_merged = result.streams_merged;
  if (result.framing) {
    translated.framing =
        *result.framing == Framing::exact ? feature::UsedFraming::exact : feature::UsedFraming::plain;
  }
  translated.stop_code = result.stop_code;
  translated.stopped_reason = result.stopped_reason;
  translated.explanation = result.explanation;
  translated.retryable = result.retryable;
  translated.started_at = feature_time(result.started_at);
  translated.ended_at = feature_time(result.ended_at);
  return translated;
}

}  // namespace ferry::library
