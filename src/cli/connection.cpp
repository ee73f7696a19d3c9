#include "cli/connection.hpp"

#include <cstdlib>
#include <utility>

namespace ferry::cli {

std::optional<std::string> environment_variable(std::string_view name) {
  const char* value =
      std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets any
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

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
