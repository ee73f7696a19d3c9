// What the AWS CLI calls under the name session-manager-plugin: the argument contract, and the session that
// it asks for, shown as the stock plugin shows it. The contract is that of aws/session-manager-plugin; unlike
// there, a session that failed does not end with status 0, and the end of standard input does not end the
// session. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "net/loop.hpp"
#include "net/tls.hpp"
#include "session/data_channel.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace ferry::feature {

// Shown for --version: recent enough for the AWS CLI to hand the token over in the environment instead of on
// the command line, where `ps` shows it.
inline constexpr std::string_view kPluginVersion = "1.2.707.0";

// What a call asks for: a text to print (a success or not), or a session.
struct PluginText {
  std::string text;
  bool is_success = true;
};
using PluginCall = std::variant<PluginText, session::Address>;

// `words` are the arguments after the program's name:
//   RESPONSE REGION StartSession PROFILE REQUEST ENDPOINT
// RESPONSE is the JSON of a session (sessionId, streamUrl, tokenValue in any case of letters) or the name of
// an environment variable that holds it, which begins with AWS_SSM_START_SESSION_RESPONSE. Pure but for
// `environment`. Failures (usage) name what is wrong and never the token.
Result<PluginCall> parse_plugin_call(
    std::span<const std::string> words,
    const std::function<std::optional<std::string>(std::string_view name)>& environment);

// The session on our standard streams, to its end. The value is the exit status: 0 only for an orderly end,
// 128+n where signal n ended us, the command's own where the session tells it, else 255.
net::Task<Result<int>> run_plugin_session(net::Loop& loop, const net::TlsTrust& trust,
                                          session::Address address);

}  // namespace ferry::feature
