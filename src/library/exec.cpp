#include "feature/exec.hpp"

#include "feature/target.hpp"
#include "library/call.hpp"
#include "library/command.hpp"
#include "library/convert.hpp"
#include "sys/environment.hpp"

#include <ferry/exec.hpp>
#include <utility>

namespace ferry {
namespace {

std::string cluster_of(const ExecRequest& request) {
  if (!request.cluster.empty()) return request.cluster;
  const std::string from_environment = sys::environment_variable("FERRY_CLUSTER").value_or("");
  return from_environment.empty() ? "default" : from_environment;
}

Result<feature::ExecRequest> checked(const ExecRequest& request) {
  const Result<> sendable = library::check_command(request.command);
  if (!sendable) return fail(sendable.error());
  if (request.wait_limit < milliseconds::zero())
    return fail(FailureCode::usage, "the limit of waiting for a task is below zero");
  Result<feature::Target> target = feature::parse_target(request.target, cluster_of(request));
  if (!target) return fail(target.error());
  if (!request.cluster.empty()) {
    const Result<> agreed = feature::expect_cluster(*target, request.cluster);
    if (!agreed) return fail(agreed.error());
  }
  feature::ExecRequest translated;
  translated.target = std::move(*target);
  translated.container = request.container;
  translated.command = request.command;
  translated.wait_limit = request.wait_limit;
  return translated;
}

}  // namespace

CommandResult exec(const ExecRequest& request, const Options& options) {
  Result<feature::ExecRequest> translated = checked(request);
  if (!translated) return library::public_result(translated.error());
  net::Loop loop;
  const Result<std::unique_ptr<aws::Client>> client =
      library::connect(loop, library::connection_flags(options, translated->target.region));
  if (!client) return library::public_result(client.error());
  return library::run(loop, options, [&](feature::ExecOptions inner) {
    if (inner.notice) {
      translated->status = [notice = inner.notice](std::string_view line) {
        if (!line.empty()) notice(line);
      };
    }
    translated->options = std::move(inner);
    return feature::exec(**client, std::move(*translated));
  });
}

}  // namespace ferry
