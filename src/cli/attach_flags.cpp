#include "cli/attach_flags.hpp"

#include "base/text.hpp"
#include "cli/connection.hpp"

#include <charconv>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr const char* kLimitsVariable = "FERRY_ATTACH_LIMITS";
constexpr int kMostSeconds = 86'400;

Result<> take_limits(const std::string& text, feature::AttachOptions& options) {
  std::vector<int> numbers;
  for (const std::string_view word : split(text, ',')) {
    int number = 0;
    const auto [end, error] = std::from_chars(word.begin(), word.end(), number);
    const bool is_number = error == std::errc() && end == word.end();
    if (is_number && number >= 1 && number <= kMostSeconds) numbers.push_back(number);
  }
  if (numbers.size() != 3 || split(text, ',').size() != 3) {
    return fail(FailureCode::usage,
                fmt::format("{}: '{}' is not three numbers of seconds from 1 to {}", kLimitsVariable, text,
                            kMostSeconds),
                "write UNTIL_ENTERED,AFTER_SESSION,SILENCE: 300,30,90");
  }
  options.holder = {.until_entered = seconds(numbers[0]), .after_session = seconds(numbers[1])};
  options.silence = seconds(numbers[2]);
  return {};
}

}  // namespace

void describe_attach_flags(Arguments& arguments, AttachFlags& flags) {
  arguments.toggle("--attach",
                   "run the command in an exec session of the task, which then only waits for that: with "
                   "input, separate streams, and no log driver needed",
                   flags.attach);
  describe_terminal_flags(arguments, flags.streams);
  describe_channel_flags(arguments, flags.channel);
}

Result<std::optional<feature::AttachOptions>> attach_options(AttachFlags flags, bool wants_json) {
  TerminalFlags& streams = flags.streams;
  if (!flags.attach && (streams.input || streams.terminal)) {
    return fail(FailureCode::usage, "run: a task has neither input nor terminal of ours",
                "--attach runs the command in an exec session, which has");
  }
  if (!flags.attach && (flags.channel.is_unsigned || !flags.channel.ping_interval.empty())) {
    return fail(FailureCode::usage, "run: --unsigned-channel and --ping-interval are for a session",
                "add --attach, which opens one");
  }
  if (!flags.attach) return std::nullopt;
  const Result<> settled = settle_terminal("run", streams, wants_json);
  if (!settled) return fail(settled.error());
  feature::AttachOptions options;
  if (const std::optional<std::string> limits = environment_variable(kLimitsVariable)) {
    const Result<> taken = take_limits(*limits, options);
    if (!taken) return fail(taken.error());
  }
  if (streams.input) options.session.input = STDIN_FILENO;
  options.session.on_terminal = streams.terminal;
  options.session.terminal_type = environment_variable("TERM").value_or("");
  options.session.capture = wants_json;
  const Result<feature::ChannelOptions> channel = channel_options("run", flags.channel);
  if (!channel) return fail(channel.error());
  options.session.channel = *channel;
  return options;
}

}  // namespace ferry::cli
