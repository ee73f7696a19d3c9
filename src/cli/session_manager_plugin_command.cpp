#include "aws/settings.hpp"
#include "cli/channel_flags.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/main.hpp"
#include "feature/session_plugin.hpp"
#include "net/network.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace ferry::cli {

Result<int> session_manager_plugin_command(Words words) {
  Result<feature::PluginCall> call = feature::parse_plugin_call(words, environment_variable);
  if (!call) return fail(call.error());
  if (const auto* text = std::get_if<feature::PluginText>(&*call)) {
    fmt::print("{}", text->text);
    return text->is_success ? 0 : kExitFailure;
  }
  net::Loop loop;
  const Result<net::Network> network =
      net::Network::load(environment_variable("AWS_CA_BUNDLE").value_or(""),
                         net::ProxyRules::from_environment(environment_variable));
  if (!network) return fail(network.error());
  auto& request = std::get<feature::PluginRequest>(*call);
  // The AWS CLI hands on no flags: the environment says it.
  const Result<feature::ChannelOptions> channel = channel_options("session-manager-plugin", {});
  if (!channel) return fail(channel.error());
  request.channel = *channel;
  Result<std::string> endpoint = aws::resolve_channel_endpoint(request.flags, environment_variable);
  if (!endpoint) return fail(endpoint.error());
  request.channel.endpoint = std::move(*endpoint);
  return loop.run(feature::run_plugin_session(loop, *network, std::move(request), environment_variable));
}

}  // namespace ferry::cli
