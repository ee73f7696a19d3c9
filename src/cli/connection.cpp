#include "cli/connection.hpp"

#include <utility>

namespace ferry::cli {

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
  return aws::Client::make(loop, std::move(*settings));
}

}  // namespace ferry::cli
