#include "aws/ecs.hpp"
#include "base/text.hpp"
#include "feature/exec_response.hpp"
#include "library/call.hpp"
#include "library/convert.hpp"
#include "net/network.hpp"
#include "sys/environment.hpp"

#include <ferry/collect.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace ferry {
namespace {

// The session is where its task is, whatever region the caller is set up for.
std::string region_of(const std::string& arn) {
  const std::vector<std::string_view> parts = split(arn, ':');
  return parts.size() == 6 && aws::is_region(parts[3]) ? std::string(parts[3]) : std::string();
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
      library::connect(loop, library::connection_flags(options, region_of(opened->task_arn)));
  if (!client && names_an_account(options)) return library::public_result(client.error());
  const Result<net::Network> network =
      net::Network::load(sys::environment_variable("AWS_CA_BUNDLE").value_or(""),
                         net::ProxyRules::from_environment(sys::environment_variable));
  if (!network) return library::public_result(network.error());
  return library::run(loop, options, [&](feature::ExecOptions inner) {
    return client ? feature::collect(loop, (*client)->network(), client->get(), *opened, std::move(inner))
                  : feature::collect(loop, *network, fail(client.error()), *opened, std::move(inner));
  });
}

}  // namespace ferry
