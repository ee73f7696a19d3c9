// What the AWS CLI calls under the name session-manager-plugin: the argument contract, and the session that
// it asks for, shown as the stock plugin shows it. The contract is that of aws/session-manager-plugin; unlike
// there, a session that failed does not end with status 0, and the end of standard input does not end the
// session. The loop's thread only.
#pragma once

#include "aws/settings.hpp"
#include "base/result.hpp"
#include "feature/channel_door.hpp"
#include "net/loop.hpp"
#include "net/network.hpp"
#include "session/data_channel.hpp"

#include <span>
#include <string>
#include <variant>

namespace ferry::feature {

// What a call asks for: a text to print (a success or not), or a session.
struct PluginText {
  std::string text;
  bool is_success = true;
};
struct PluginRequest {
  session::Address address;
  std::string target;  // "ecs:CLUSTER_TASK_RUNTIMEID"; empty where the caller does not say
  // For the calls that a session may need. Without an endpoint each service has its own.
  aws::Flags flags;
  ChannelOptions channel;
};
using PluginCall = std::variant<PluginText, PluginRequest>;

// `words` are the arguments after the program's name:
//   RESPONSE REGION StartSession PROFILE REQUEST ENDPOINT
// RESPONSE is the JSON of a session (sessionId, streamUrl, tokenValue in any case of letters) or the name of
// an environment variable that holds it, which begins with AWS_SSM_START_SESSION_RESPONSE. REQUEST is JSON
// with a Target. ENDPOINT is that of the service which gave the session; one of AWS's own says nothing about
// the others and is left out, any other answers for all services. The last three may be missing or empty. For
// --version the text is wire::client_version. Pure but for `environment`. Failures (usage) name what is wrong
// and never the token.
Result<PluginCall> parse_plugin_call(std::span<const std::string> words, const aws::Environment& environment);

// The session on our standard streams, to its end. The value is the exit status: 0 only for an orderly end,
// 128+n where signal n ended us, the command's own where the session tells it, else 255.
net::Task<Result<int>> run_plugin_session(net::Loop& loop, const net::Network& network, PluginRequest request,
                                          aws::Environment environment);

}  // namespace ferry::feature
