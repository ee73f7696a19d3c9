#include "cli/channel_flags.hpp"

#include "sys/environment.hpp"

#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr const char* kUnsignedVariable = "FERRY_UNSIGNED_CHANNEL";
constexpr const char* kPingVariable = "FERRY_PING_INTERVAL";

// The service wants a ping every five minutes at least.
constexpr milliseconds kShortestInterval{1'000};
constexpr milliseconds kLongestInterval{5 * 60'000};

Result<milliseconds> parse_interval(std::string_view command, std::string_view origin,
                                    const std::string& text) {
  const Result<milliseconds> parsed = parse_duration(text);
  if (!parsed) return fail(parsed.error().in(fmt::format("{}: {}", command, origin)));
  if (*parsed < kShortestInterval || *parsed > kLongestInterval) {
    return fail(FailureCode::usage, fmt::format("{}: {} is '{}'", command, origin, text),
                "the interval of pings may be 1s to 5m");
  }
  return *parsed;
}

Result<bool> is_unsigned_by_environment(std::string_view command) {
  const std::string text = sys::environment_variable(kUnsignedVariable).value_or("");
  if (text.empty() || text == "0") return false;
  if (text == "1") return true;
  return fail(FailureCode::usage, fmt::format("{}: {} is '{}'", command, kUnsignedVariable, text),
              "it may be 1 or 0");
}

}  // namespace

void describe_channel_flags(Arguments& arguments, ChannelFlags& flags) {
  arguments.toggle("--unsigned-channel", "do not sign the session's websocket; else FERRY_UNSIGNED_CHANNEL=1",
                   flags.is_unsigned);
  arguments.text("--ping-interval", "DURATION",
                 "how often the connection is shown to be alive; else FERRY_PING_INTERVAL, 30s",
                 flags.ping_interval);
}

Result<feature::ChannelOptions> channel_options(std::string_view command, const ChannelFlags& flags) {
  feature::ChannelOptions options;
  const Result<bool> is_unsigned = is_unsigned_by_environment(command);
  if (!is_unsigned) return fail(is_unsigned.error());
  options.is_unsigned = flags.is_unsigned || *is_unsigned;
  const std::string from_environment = sys::environment_variable(kPingVariable).value_or("");
  const bool has_flag = !flags.ping_interval.empty();
  if (has_flag || !from_environment.empty()) {
    const Result<milliseconds> interval =
        has_flag ? parse_interval(command, "--ping-interval", flags.ping_interval)
                 : parse_interval(command, kPingVariable, from_environment);
    if (!interval) return fail(interval.error());
    options.ping_interval = *interval;
  }
  return options;
}

}  // namespace ferry::cli
