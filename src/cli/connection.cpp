#include "cli/connection.hpp"

#include "feature/run/revision_journal.hpp"
#include "feature/run/revision_sweep.hpp"

#include <cstdio>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

void sweep(net::Loop& loop, aws::Client& client) {
  Result<std::string> folder = feature::revision_journal_folder(environment_variable);
  if (!folder) return;  // no place, so nothing was ever written there
  loop.run(feature::sweep_revisions(client, std::move(*folder),
                                    [](std::string_view line) { fmt::print(stderr, "ferry: {}\n", line); }));
}

}  // namespace

std::string cluster_or_default(const std::string& flag) {
  if (!flag.empty()) return flag;
  const std::optional<std::string> from_environment = environment_variable("FERRY_CLUSTER");
  return from_environment && !from_environment->empty() ? *from_environment : "default";
}

void describe_connection_flags(Arguments& arguments, aws::Flags& flags) {
  arguments.text("--region", "REGION", "AWS region; else AWS_REGION, AWS_DEFAULT_REGION, the profile's",
                 flags.region);
  arguments.text("--profile", "NAME", "profile in ~/.aws; else AWS_PROFILE, AWS_DEFAULT_PROFILE, default",
                 flags.profile);
  arguments.text("--endpoint-url", "URL", "where calls go instead of AWS; else AWS_ENDPOINT_URL",
                 flags.endpoint_url);
}

Result<std::unique_ptr<aws::Client>> connect(net::Loop& loop, const aws::Flags& flags) {
  Result<aws::Settings> settings = aws::resolve_settings(flags, environment_variable);
  if (!settings) return fail(settings.error());
  Result<std::unique_ptr<aws::Client>> client = aws::Client::make(loop, std::move(*settings));
  if (client) sweep(loop, **client);
  return client;
}

}  // namespace ferry::cli
