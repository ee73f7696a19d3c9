#include "cli/connection.hpp"

#include "aws/instance_metadata.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "cli/connection_notes.hpp"
#include "feature/run/revision_sweep.hpp"
#include "sys/standard_streams.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

net::Task<Result<>> sweep(aws::Client& client) {
  co_await feature::sweep_revisions(client, environment_variable, sys::say);
  co_return Result<>();
}

// While a person is asked nothing else goes on: a signal has its default action for as long.
class DefaultSignals {
 public:
  DefaultSignals() {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    for (std::size_t i = 0; i < kNumbers.size(); ++i) ::sigaction(kNumbers[i], &standard, &before_[i]);
  }
  ~DefaultSignals() {
    for (std::size_t i = 0; i < kNumbers.size(); ++i) ::sigaction(kNumbers[i], &before_[i], nullptr);
  }
  DefaultSignals(const DefaultSignals&) = delete;
  DefaultSignals& operator=(const DefaultSignals&) = delete;

 private:
  static constexpr std::array kNumbers{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kNumbers.size()> before_{};
};

// On the terminal itself: stdin and stdout are the command's.
Result<std::string> ask_on_terminal(const std::string& mfa_serial) {
  const DefaultSignals signals;
  std::fstream terminal("/dev/tty", std::ios::in | std::ios::out);
  std::string code;
  if (terminal) {
    terminal << "ferry: code of MFA device " << printable(mfa_serial) << ": " << std::flush;
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

std::string container_or_environment(const std::string& flag) {
  return flag.empty() ? environment_variable("FERRY_CONTAINER").value_or("") : flag;
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

Result<std::unique_ptr<aws::Client>> make_client(Waiting& waiting, const aws::Flags& flags) {
  const auto notes = std::make_shared<ConnectionNotes>(flags.debug);
  aws::Surroundings surroundings;
  surroundings.observer = notes;
  surroundings.region_of_instance = [&waiting, &notes](const aws::InstanceMetadataSource& instance) {
    return waiting.get(aws::region_of_instance(waiting.loop(), *notes, instance));
  };
  Result<aws::Settings> settings = aws::resolve_settings(flags, environment_variable, surroundings);
  if (!settings) return fail(settings.error());
  settings->ask_mfa_code = ask_on_terminal;
  return aws::Client::make(waiting.loop(), std::move(*settings));
}

Result<std::unique_ptr<aws::Client>> connect(Waiting& waiting, const aws::Flags& flags) {
  Result<std::unique_ptr<aws::Client>> client = make_client(waiting, flags);
  if (!client || waiting.ending()) return client;
  const Result<> swept = waiting.get(sweep(**client));
  if (!swept) return fail(swept.error());
  return client;
}

}  // namespace ferry::cli
