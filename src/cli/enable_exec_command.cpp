// ferry enable-exec: makes the tasks of a service ready for exec, after saying what that changes.
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "feature/doctor/gather.hpp"
#include "feature/enable_exec.hpp"
#include "sys/standard_streams.hpp"
#include "sys/tty.hpp"

#include <array>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr milliseconds kDefaultWait{600'000};

struct EnableOptions {
  std::string service, cluster;
  bool is_agreed = false;
  std::optional<milliseconds> wait;
  aws::Flags connection;
};

Arguments describe(EnableOptions& options) {
  Arguments arguments("enable-exec", "make a service's tasks ready for exec");
  arguments.word("SERVICE", "SERVICE, CLUSTER/SERVICE or the service's ARN", options.service);
  arguments.toggle("--yes", "do not ask; needed where standard input is no terminal", options.is_agreed);
  arguments.duration("--wait", "DURATION", "how long to wait for a task that can be entered (default: 10m)",
                     options.wait);
  arguments.text("--cluster", "CLUSTER", "where to look (default: FERRY_CLUSTER, else default)",
                 options.cluster);
  describe_connection_flags(arguments, options.connection);
  arguments.epilogue(
      "Its tasks are replaced, as in every deployment. The exit status is 0 once a new task can be "
      "entered.\n\n"
      "  ferry enable-exec prod/web --yes\n");
  return arguments;
}

Result<feature::DoctorRequest> request_from(const EnableOptions& options) {
  Result<feature::Target> target =
      feature::parse_target(options.service, cluster_or_default(options.cluster));
  if (!target) return fail(target.error());
  if (target->kind != feature::Target::Kind::service) {
    return fail(
        FailureCode::usage, fmt::format("enable-exec: {} is no service", feature::describe(*target)),
        "a task keeps what it was started with: start it anew with ferry run --enable-execute-command");
  }
  if (!options.cluster.empty()) {
    const Result<> agreed = feature::expect_cluster(*target, options.cluster);
    if (!agreed) return fail(agreed.error());
  }
  return feature::DoctorRequest{.target = std::move(*target),
                                .task_definition = {},
                                .container = {},
                                .profile = options.connection.profile};
}

using sys::say;

void show_plan(const feature::EnablePlan& plan) {
  for (const std::string& line : plan.lines) say(line);
  for (const feature::Finding& finding : plan.obstacles)
    say(fmt::format("it will not be enough: {}: {}", finding.what, finding.why));
  if (!plan.obstacles.empty()) say("`ferry doctor` has the fixes");
}

// A person's yes, or the failure that there is none.
Result<> ask(bool is_agreed) {
  if (is_agreed) return {};
  if (!sys::is_terminal(STDIN_FILENO) || !sys::is_terminal(STDERR_FILENO)) {
    return fail(FailureCode::usage, "enable-exec changes the service, and there is nobody to ask",
                "pass --yes");
  }
  sys::write_to_stderr("ferry: go ahead? [y/N] ");
  std::array<char, 16> answer{};
  const char* read = std::fgets(answer.data(), answer.size(), stdin);
  const bool agreed = read != nullptr && (answer[0] == 'y' || answer[0] == 'Y');
  if (agreed) return {};
  return fail(FailureCode::cancelled, "nothing was changed");
}

// One line that is rewritten; nothing where stderr is no terminal.
void show_status(std::string_view state) {
  if (sys::is_terminal(STDERR_FILENO)) sys::rewrite_last_line(fmt::format("ferry: {}", state));
}

void clear_status() {
  if (sys::is_terminal(STDERR_FILENO)) sys::rewrite_last_line({});
}

}  // namespace

Result<int> enable_exec_command(Words words) {
  EnableOptions options;
  const Arguments arguments = describe(options);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::DoctorRequest> request = request_from(options);
  if (!request) return fail(request.error());

  net::Loop loop;
  Waiting waiting(loop);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, options.connection);
  if (!client) return waiting.failed(client.error());
  const Result<feature::Facts> facts = waiting.get(feature::gather(**client, std::move(*request)));
  if (!facts) return waiting.failed(facts.error().in("enable-exec"));
  const Result<feature::EnablePlan> plan = feature::plan_enabling(*facts);
  if (!plan) return fail(plan.error());
  if (plan->is_enabled && !plan->enterable_task.empty()) {
    say(fmt::format("exec is enabled for {} already, and task {} can be entered",
                    feature::describe(plan->target), plan->enterable_task));
    return 0;
  }
  show_plan(*plan);
  const Result<> agreed = ask(options.is_agreed);
  if (!agreed) return fail(agreed.error());
  const Result<feature::EnabledService> enabled = waiting.get(
      feature::enable_exec(**client, plan->target, options.wait.value_or(kDefaultWait), show_status));
  clear_status();
  if (waiting.ending()) {
    Failure given_up = enabled.error().in("enable-exec");
    given_up.what += fmt::format(": {} may have been updated", feature::describe(plan->target));
    given_up.hint = "`ferry doctor` shows how it is; a deployment that has begun goes on";
    return waiting.failed(given_up);
  }
  if (!enabled) return fail(enabled.error());
  say(fmt::format("task {} of {} can be entered", enabled->task, feature::describe(plan->target)));
  return 0;
}

}  // namespace ferry::cli
