#include "cli/connection.hpp"

#include "aws/instance_metadata.hpp"
#include "base/text.hpp"
#include "cli/connection_notes.hpp"
#include "feature/run/revision_sweep.hpp"
#include "sys/standard_streams.hpp"

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

void say(std::string_view line) {
  sys::write_to_stderr(fmt::format("ferry: {}\n", line));
}

// On the terminal itself: stdin and stdout are the command's.
Result<std::string> ask_on_terminal(const std::string& mfa_serial) {
  std::fstream terminal("/dev/tty", std::ios::in | std::ios::out);
  std::string code;
  if (terminal) {
    terminal << "ferry: code of MFA device " << mfa_serial << ": " << std::flush;
    std::getline(terminal, code);
  }
  code = trim(code);
  if (!code.empty()) return code;
  return fail(FailureCode::usage,
              fmt::format("a code of MFA device {} is needed, and none was given", mfa_serial),
              "without a terminal, use credentials that have it already: ferry api sts GetSessionToken");
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
  arguments.text("--max-rate", "PERCENT",
                 "most of AWS's rate limits to use; else FERRY_MAX_RATE, 25% (local endpoints: no limit)",
                 flags.max_rate);
  arguments.toggle("--debug",
                   "say on stderr where credentials, region and endpoints come from, and each call",
                   flags.debug);
}

Result<std::unique_ptr<aws::Client>> make_client(net::Loop& loop, const aws::Flags& flags) {
  const auto notes = std::make_shared<ConnectionNotes>(flags.debug);
  aws::Surroundings surroundings;
  surroundings.observer = notes;
  surroundings.region_of_instance = [&loop, &notes](const aws::InstanceMetadataSource& instance) {
    return loop.run(aws::region_of_instance(loop, *notes, instance));
  };
  Result<aws::Settings> settings = aws::resolve_settings(flags, environment_variable, surroundings);
  if (!settings) return fail(settings.error());
  settings->ask_mfa_code = ask_on_terminal;
  return aws::Client::make(loop, std::move(*settings));
}

Result<std::unique_ptr<aws::Client>> connect(net::Loop& loop, const aws::Flags& flags) {
  Result<std::unique_ptr<aws::Client>> client = make_client(loop, flags);
  if (client) loop.run(feature::sweep_revisions(**client, environment_variable, say));
  return client;
}

}  // namespace ferry::cli
