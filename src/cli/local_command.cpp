// `ferry local`: chooses among its subcommands, and status, down and env, which speak to a running endpoint.
#include "base/near_names.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "cli/arguments.hpp"
#include "cli/local_commands.hpp"
#include "local/door/endpoint_record.hpp"
#include "local/door/guard.hpp"
#include "net/clock.hpp"
#include "net/http_client.hpp"
#include "net/loop.hpp"
#include "net/proxy.hpp"
#include "net/url.hpp"
#include "sys/environment.hpp"
#include "wire/sigv4.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

using local::EndpointRecord;
using sys::environment_variable;

// The one flag that all three take.
struct PortWords {
  std::uint16_t port = kDefaultLocalPort;
  std::optional<int> help_status;  // set where only the help was wanted
};

Result<PortWords> parse_port(std::string name, std::string summary, Words words) {
  constexpr std::int64_t kHighestPort = 65'535;
  std::optional<std::int64_t> port;
  Arguments arguments(std::move(name), std::move(summary));
  arguments.integer("--port", "PORT", 1, kHighestPort, "of the endpoint, 5319 by default", port);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  PortWords result;
  result.port = static_cast<std::uint16_t>(port.value_or(kDefaultLocalPort));
  if (*parsed == Parsed::help) result.help_status = print_help(arguments);
  return result;
}

// One call of the endpoint's own controls.
net::Task<Result<net::HttpResponse>> control(net::Loop& loop, EndpointRecord record, std::string method,
                                             std::string path) {
  auto url = net::parse_url(record.url);
  if (!url) co_return fail(std::move(url.error()));
  constexpr milliseconds kPatience(5'000);
  net::HttpClient client(
      loop, nullptr,
      {.connect_timeout = kPatience, .answer_timeout = kPatience, .max_answer_bytes = 1U << 20U});
  net::HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(path);
  request.headers = {{"Host", url->authority()}, {"User-Agent", fmt::format("ferry/{}", kVersion)}};
  const wire::sigv4::Request unsigned_request{
      .method = request.method, .target = request.target, .headers = request.headers, .body = {}};
  net::Headers added = wire::sigv4::sign(
      unsigned_request,
      {.access_key_id = record.key.id, .secret_access_key = record.key.secret, .session_token = {}},
      {.region = record.region, .service = local::control_service}, net::wall_now());
  for (auto& header : added) request.headers.push_back(std::move(header));
  auto response = co_await client.send(std::move(*url), std::move(request));
  co_return response;
}

Result<net::HttpResponse> call_control(const EndpointRecord& record, std::string method, std::string path) {
  net::Loop loop;
  auto response = loop.run(control(loop, record, std::move(method), std::move(path)));
  if (response && response->status != 200) {
    return fail(FailureCode::refused,
                fmt::format("the endpoint at {} is not the one that was started there", record.url),
                "another one has taken its port");
  }
  return response;
}

// The record of the endpoint that runs on `port`; one that was killed counts as none.
Result<EndpointRecord> running_endpoint(std::uint16_t port) {
  auto record = local::find_record(port);
  if (!record || local::is_alive(*record)) return record;
  return fail(FailureCode::not_found,
              fmt::format("no endpoint runs on port {}: the last one was killed", port),
              fmt::format("start one with `ferry local up --port {}`", port));
}

Result<> ask_to_stop(const EndpointRecord& record) {
  const auto asked = call_control(record, "POST", "/_ferry/shutdown");
  if (asked) return {};
  // It does not answer, but it is that very process: the kernel says so.
  if (!local::is_alive(record) || ::kill(static_cast<pid_t>(record.process_id), SIGTERM) == 0) return {};
  return fail(system_failure(fmt::format("cannot stop process {}", record.process_id), errno));
}

// A line for a shell's `eval`: nothing within the quotes means anything to it.
void print_export(std::string_view name, std::string_view value) {
  std::string quoted;
  for (const char character : value) {
    if (character == '\'') {
      quoted += R"('\'')";
    } else {
      quoted += character;
    }
  }
  fmt::print("export {}='{}'\n", name, quoted);
}

}  // namespace

Result<int> local_status_command(Words words) {
  const auto parsed = parse_port("local status", "say whether an endpoint runs, and where", words);
  if (!parsed) return fail(parsed.error());
  if (parsed->help_status) return *parsed->help_status;
  const auto record = running_endpoint(parsed->port);
  if (!record) return fail(record.error());
  const auto health = call_control(*record, "GET", "/_ferry/health");
  if (!health) return fail(health.error().in(fmt::format("process {} does not serve", record->process_id)));
  fmt::print("running  {}\nregion   {}\ndata     {}\nprocess  {}\n", record->url, record->region,
             record->data.empty() ? "none (--ephemeral)" : record->data, record->process_id);
  return 0;
}

Result<int> local_down_command(Words words) {
  const auto parsed = parse_port("local down", "stop an endpoint and all its tasks", words);
  if (!parsed) return fail(parsed.error());
  if (parsed->help_status) return *parsed->help_status;
  const auto record = running_endpoint(parsed->port);
  if (!record) return fail(record.error());
  if (auto asked = ask_to_stop(*record); !asked) return fail(std::move(asked.error()));
  constexpr milliseconds kPatience(30'000);
  const auto gone = local::wait_until_gone(*record, kPatience);
  if (!gone) return fail(gone.error());
  if (*gone) return 0;
  return fail(FailureCode::timed_out,
              fmt::format("process {} was asked to stop, but still runs after {} s", record->process_id,
                          kPatience.count() / 1000),
              fmt::format("`kill -9 {}` ends it and its tasks", record->process_id));
}

// A proxy that this shell goes through does not lead to this machine.
Result<> print_exemption(const EndpointRecord& record) {
  const Result<net::Url> url = net::parse_url(record.url);
  if (!url) return fail(url.error());
  const Result<std::optional<net::Proxy>> proxy =
      net::ProxyRules::from_environment(environment_variable).proxy_for(*url);
  if (proxy && !*proxy) return {};
  const std::string variable = environment_variable("no_proxy") ? "no_proxy" : "NO_PROXY";
  const std::string exempt = environment_variable(variable).value_or("");
  print_export(variable, exempt.empty() ? url->host : fmt::format("{},{}", exempt, url->host));
  return {};
}

Result<int> local_env_command(Words words) {
  const auto parsed = parse_port("local env", "print the lines that point a shell at an endpoint", words);
  if (!parsed) return fail(parsed.error());
  if (parsed->help_status) return *parsed->help_status;
  const auto record = running_endpoint(parsed->port);
  if (!record) return fail(record.error());
  print_export("AWS_ENDPOINT_URL", record->url);
  print_export("AWS_ACCESS_KEY_ID", record->key.id);
  print_export("AWS_SECRET_ACCESS_KEY", record->key.secret);
  // A token that is left from elsewhere does not belong to this key.
  fmt::print("unset AWS_SESSION_TOKEN\n");
  print_export("AWS_REGION", record->region);
  print_export("AWS_DEFAULT_REGION", record->region);
  if (const Result<> exempted = print_exemption(*record); !exempted) return fail(exempted.error());
  return 0;
}

Result<int> local_command(Words words) {
  constexpr std::array<std::pair<std::string_view, Result<int> (*)(Words)>, 4> kCommands{
      {{"up", local_up_command},
       {"status", local_status_command},
       {"down", local_down_command},
       {"env", local_env_command}}};
  constexpr std::string_view kUsage = "usage: ferry local up|status|down|env [--port N]; each has --help";
  if (!words.empty() && (words[0] == "--help" || words[0] == "-h")) {
    fmt::print("{}\n", kUsage);
    return 0;
  }
  for (const auto& [name, command] : kCommands) {
    if (!words.empty() && words[0] == name) return command(words.subspan(1));
  }
  if (words.empty()) return fail(FailureCode::usage, "local needs a command", std::string(kUsage));
  std::vector<std::string> names;
  names.reserve(kCommands.size());
  for (const auto& [name, command] : kCommands) names.emplace_back(name);
  const Failure failure{.code = FailureCode::usage,
                        .what = fmt::format("there is no command `local {}`", words[0]),
                        .hint = std::string(kUsage),
                        .service_code = {}};
  return fail(with_near_names(failure, words[0], names));
}

}  // namespace ferry::cli
