#include "feature/run/run.hpp"

#include "feature/run/network_configuration.hpp"
#include "feature/run/overrides.hpp"
#include "feature/run/revision_sweep.hpp"
#include "feature/target.hpp"
#include "library/call.hpp"
#include "library/command.hpp"
#include "library/convert.hpp"
#include "library/log_output.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"
#include "sys/environment.hpp"

#include <algorithm>
#include <ferry/run.hpp>
#include <utility>

#include <fmt/format.h>

namespace ferry {
namespace {

constexpr int kMostRetries = 100;
constexpr int kLargestExitCode = 255;
constexpr std::string_view kDefaultStartedBy = "ferry";

std::string default_cluster() {
  const std::string from_environment = sys::environment_variable("FERRY_CLUSTER").value_or("");
  return from_environment.empty() ? "default" : from_environment;
}

Result<> check(const RunRequest& request, const Options& options) {
  if (!std::holds_alternative<std::monostate>(options.input))
    return fail(FailureCode::usage, "a run has no input", "run the command with exec() where it needs one");
  if (request.task_definition.empty() && request.like.empty())
    return fail(FailureCode::usage, "no task definition is named", "set task_definition or like");
  if (request.retries < 0 || request.retries > kMostRetries)
    return fail(FailureCode::usage, fmt::format("retries is not from 0 to {}", kMostRetries));
  const auto is_code = [](int code) { return code >= 1 && code <= kLargestExitCode; };
  if (!std::ranges::all_of(request.retry_on_exit, is_code))
    return fail(FailureCode::usage, "retry_on_exit has a code that is not from 1 to 255");
  if (!request.capacity.empty() && !request.launch_type.empty())
    return fail(FailureCode::usage, "capacity and launch_type exclude each other", "leave one empty");
  if (request.command.empty()) return {};
  return library::check_command(request.command);
}

Result<> place(const RunRequest& request, feature::RunRequest& inner) {
  inner.task_definition = request.task_definition;
  inner.cluster = request.cluster;
  if (request.like.empty()) {
    if (inner.cluster.empty()) inner.cluster = default_cluster();
    return {};
  }
  const std::string cluster = request.cluster.empty() ? default_cluster() : request.cluster;
  Result<feature::Target> like = feature::parse_target(request.like, cluster);
  if (!like) return fail(like.error().in("like"));
  if (like->kind != feature::Target::Kind::service) {
    return fail(FailureCode::usage, fmt::format("like: '{}' is no service", request.like),
                "write CLUSTER/SERVICE");
  }
  inner.like = std::move(*like);
  return {};
}

Result<feature::RunRequest> translated(const RunRequest& request) {
  feature::RunRequest inner;
  const Result<> placed = place(request, inner);
  if (!placed) return fail(placed.error());
  inner.container = request.container;
  inner.launch_type = request.launch_type;
  inner.started_by = request.started_by.empty() ? std::string(kDefaultStartedBy) : request.started_by;
  inner.change.command = request.command;
  inner.change.environment = request.environment;
  if (!request.network_configuration.empty()) {
    Result<boost::json::object> network = feature::parse_network_configuration(request.network_configuration);
    if (!network) return fail(network.error());
    inner.structures["networkConfiguration"] = std::move(*network);
  }
  if (!request.overrides.empty()) {
    Result<boost::json::object> overrides = feature::parse_overrides(request.overrides);
    if (!overrides) return fail(overrides.error());
    inner.overrides = std::move(*overrides);
  }
  const Result<> readable = feature::check_utf8(inner);
  if (!readable) return fail(readable.error());
  return inner;
}

Result<feature::RunOptions> checked(const RunRequest& request, const Options& options) {
  const Result<> sensible = check(request, options);
  if (!sensible) return fail(sensible.error());
  Result<feature::RunRequest> inner = translated(request);
  if (!inner) return fail(inner.error());
  feature::RunOptions run;
  run.request = std::move(*inner);
  run.rejoin = !request.started_by.empty();
  run.retries = request.retries;
  run.retry_on_exit = request.retry_on_exit;
  run.capacity = request.capacity;
  run.heeds_signals = options.heeds_signals;
  return run;
}

net::Task<bool> sweep(aws::Client& client, std::function<void(std::string_view)> notice) {
  co_await feature::sweep_revisions(client, sys::environment_variable, std::move(notice));
  co_return true;
}

net::Task<> run_into(aws::Client& client, feature::RunOptions run, library::LogOutput& output,
                     feature::RunReport& report) {
  report = co_await feature::run(client, std::move(run), output);
}

net::Task<Result<feature::CommandResult>> run_and_show(aws::Client& client, feature::RunOptions run,
                                                       feature::ExecOptions options) {
  const auto notice = [say = options.notice](std::string_view line) {
    if (say) say(line);
  };
  run.began_at = net::steady_now();
  net::Event never(client.loop());
  net::Event& given_up = options.cancel == nullptr ? never : *options.cancel;
  const Instant limit = options.time_limit ? *run.began_at + *options.time_limit : Instant::max();
  co_await net::unless(client.loop(), given_up, limit, sweep(client, notice));
  run.timeout = options.time_limit;
  run.cancel = options.cancel;
  library::LogOutput output(client.loop(), std::move(options.standard_output), options.capture_limit, notice);
  feature::RunReport report;
  co_await net::with_children(client.loop(), [&](net::TaskGroup& group) {
    group.spawn(output.write_output());
    return run_into(client, std::move(run), output, report);
  });
  const Result<> written = output.written();
  if (!written) co_return fail(written.error().in(report.task_arn));
  report.result.streams_merged = true;
  co_return std::move(report.result);
}

}  // namespace

CommandResult run(const RunRequest& request, const Options& options) {
  Result<feature::RunOptions> translated = checked(request, options);
  if (!translated) return library::public_result(translated.error());
  net::Loop loop;
  const Result<std::unique_ptr<aws::Client>> client =
      library::connect(loop, library::connection_flags(options, {}));
  if (!client) return library::public_result(client.error());
  CommandResult result = library::run(loop, options, [&](feature::ExecOptions inner) {
    return run_and_show(**client, std::move(*translated), std::move(inner));
  });
  result.standard_error.reset();  // it is in the log
  return result;
}

}  // namespace ferry
