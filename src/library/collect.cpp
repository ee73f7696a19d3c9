#include "aws/ecs.hpp"
#include "feature/exec_response.hpp"
#include "library/call.hpp"
#include "library/convert.hpp"
#include "net/network.hpp"
#include "net/url.hpp"
#include "sys/environment.hpp"
#include "wire/channel_opening.hpp"

#include <ferry/collect.hpp>
#include <memory>
#include <utility>

namespace ferry {
namespace {

// The session is where its task is, whatever region the caller is set up for.
std::string region_of(const aws::ecs::ExecSession& opened) {
  std::string region = wire::region_of_arn(opened.task_arn);
  if (aws::is_region(region)) return region;
  const Result<net::Url> stream = net::parse_url(opened.stream_url);
  return stream ? wire::region_of_channel(stream->host) : std::string();
}

bool names_an_account(const Options& options) {
  return !options.profile.empty() || !options.endpoint_url.empty();
}

}  // namespace

CommandResult collect(std::string_view response, const Options& options) {
  const Result<aws::ecs::ExecSession> opened = feature::parse_exec_response(response);
  if (!opened) return library::public_result(opened.error());
  net::Loop loop;
  const Result<std::unique_ptr<aws::Client>> client =
      library::connect(loop, library::connection_flags(options, region_of(*opened)));
  if (!client && names_an_account(options)) return library::public_result(client.error());
  const Result<net::Network> network =
      net::Network::load(sys::environment_variable("AWS_CA_BUNDLE").value_or(""),
                         net::ProxyRules::from_environment(sys::environment_variable));
  if (!network) return library::public_result(network.error());
  // A client knows it by itself.
  const Result<std::string> endpoint =
      client
          ? std::string()
          : aws::resolve_channel_endpoint(library::connection_flags(options, {}), sys::environment_variable);
  if (!endpoint) return library::public_result(endpoint.error());
  return library::run(loop, options, [&](feature::ExecOptions inner) {
    inner.channel.endpoint = *endpoint;
    return client ? feature::collect(loop, (*client)->network(), client->get(), *opened, std::move(inner))
                  : feature::collect(loop, *network, fail(client.error()), *opened, std::move(inner));
  });
}

}  // namespace ferry
