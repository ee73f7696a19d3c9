#include "feature/result_json.hpp"

#include "base/printable.hpp"

#include <utility>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

namespace ferry::feature {
namespace {

namespace json = boost::json;

// More than any of these has in AWS.
constexpr std::size_t kLongestText = 8'000;

json::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::value(shortened(valid_utf8(text), kLongestText));
}

json::value time_or_null(const std::optional<WallTime>& time) {
  if (!time) return nullptr;
  return json::value(rfc3339(*time));
}

json::value name_of(const std::optional<ExitCodeSource>& source) {
  if (!source) return nullptr;
  switch (*source) {
    case ExitCodeSource::frame:
      return "frame";
    case ExitCodeSource::payload:
      return "payload";
    case ExitCodeSource::describe:
      break;
  }
  return "describe";
}

json::value name_of(const std::optional<UsedFraming>& framing) {
  if (!framing) return nullptr;
  return *framing == UsedFraming::exact ? "exact" : "plain";
}

json::value name_of(const std::optional<LogState>& logs) {
  if (!logs) return nullptr;
  switch (*logs) {
    case LogState::complete:
      return "complete";
    case LogState::settled:
      return "settled";
    case LogState::unavailable:
      break;
  }
  return "unavailable";
}

// Text where it is UTF-8, so that most output can be read in place; bytes as base64.
void put_stream(json::object& object, std::string_view name, std::string_view encoding_name,
                const std::optional<Bytes>& bytes) {
  if (!bytes) {
    object[name] = nullptr;
    object[encoding_name] = nullptr;
    return;
  }
  const bool is_text = is_valid_utf8(as_text(*bytes));
  object[name] = is_text ? std::string(as_text(*bytes)) : base64(*bytes);
  object[encoding_name] = is_text ? "utf8" : "base64";
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::exited:
      return "exited";
    case Outcome::timeout:
      return "timeout";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::lost:
      return "lost";
    case Outcome::not_started:
      return "not_started";
    case Outcome::detached:
      return "detached";
    case Outcome::unknown:
      break;
  }
  return "unknown";
}

boost::json::object result_to_json(const CommandResult& result) {
  json::object object;
  object["mode"] = result.mode == Mode::exec ? "exec" : "run";
  object["cluster"] = text_or_null(result.cluster);
  object["task"] = text_or_null(result.task);
  object["container"] = text_or_null(result.container);
  object["outcome"] = outcome_name(result.outcome);
  const bool may_have_code = result.outcome == Outcome::exited || result.outcome == Outcome::unknown;
  const bool is_known = may_have_code && result.exit_code;
  object["exit_code"] = is_known ? json::value(*result.exit_code) : json::value(nullptr);
  object["exit_code_source"] = is_known ? name_of(result.exit_code_source) : json::value(nullptr);
  // 128+n may be a signal or the command's own choice: neither way tells.
  object["signal"] = nullptr;
  put_stream(object, "stdout", "stdout_encoding", result.standard_output);
  put_stream(object, "stderr", "stderr_encoding", result.standard_error);
  object["streams_merged"] = result.streams_merged;
  object["framing"] = name_of(result.framing);
  object["logs"] = name_of(result.logs);
  object["stop_code"] = text_or_null(result.stop_code);
  object["stopped_reason"] = text_or_null(result.stopped_reason);
  object["explanation"] = text_or_null(result.explanation);
  object["retryable"] = result.retryable ? json::value(*result.retryable) : json::value(nullptr);
  object["started_at"] = time_or_null(result.started_at);
  object["ended_at"] = time_or_null(result.ended_at);
  return object;
}

std::string result_json_line(const CommandResult& result) {
  return printable_json(json::serialize(result_to_json(result)));
}

}  // namespace ferry::feature
