#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "feature/exec.hpp"
#include "sys/tty.hpp"

#include <cstdio>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

struct ExecOptions {
  std::string target, cluster, container;
  aws::Flags flags;
  bool input = false, terminal = false, no_terminal = false;
  std::optional<milliseconds> timeout;
  std::optional<std::int64_t> unknown_exit_code;
  std::vector<std::string> command;
};

Arguments describe(ExecOptions& options) {
  Arguments arguments("exec", "run a command in a running task");
  arguments.word("TARGET", "SERVICE, CLUSTER/SERVICE, task/ID, family/NAME or an ARN", options.target);
  arguments.command_after_dashes("the command; without it /bin/sh", options.command);
  arguments.toggle("-i,--interactive", "send standard input to the command", options.input);
  arguments.toggle("-t,--tty", "give the command a terminal", options.terminal);
  arguments.toggle("-T,--no-tty", "give it none, even if all standard streams are terminals",
                   options.no_terminal);
  arguments.text("--container", "NAME", "the task's container; needed where it has several",
                 options.container);
  arguments.duration("--timeout", "DURATION", "end the command after this time (status 124)",
                     options.timeout);
  arguments.integer("--unknown-exit-code", "N", 1, 255, "status for an unknown outcome instead of 255",
                    options.unknown_exit_code);
  arguments.text("--cluster", "CLUSTER", "where to look (default: FERRY_CLUSTER, else default)",
                 options.cluster);
  arguments.text("--region", "REGION", "AWS region", options.flags.region);
  arguments.text("--profile", "NAME", "profile of the AWS config files", options.flags.profile);
  arguments.text("--endpoint-url", "URL", "call this endpoint instead of AWS", options.flags.endpoint_url);
  arguments.epilogue(
      "With all three standard streams terminals, -it is on by itself. On a terminal ~. at the start of a "
      "line\n"
      "disconnects. The exit status is the command's; ferry's own are 124 timed out, 125 failed,\n"
      "130 interrupted and 255 outcome unknown, each with a line on stderr.\n\n"
      "  ferry exec prod/web -- ps ax\n"
      "  ferry exec -it prod/web --container app\n"
      "  pg_dump mydb | ferry exec -i prod/db -- psql\n");
  return arguments;
}

// -it by itself where a person sits at all three ends.
Result<> settle_terminal(ExecOptions& options) {
  if (options.terminal && options.no_terminal)
    return fail(FailureCode::usage, "-t and -T contradict each other", "leave one out");
  const bool is_input_terminal = sys::is_terminal(STDIN_FILENO);
  const bool are_all_terminals =
      is_input_terminal && sys::is_terminal(STDOUT_FILENO) && sys::is_terminal(STDERR_FILENO);
  if (are_all_terminals && !options.no_terminal) options.input = options.terminal = true;
  if (options.terminal && options.input && !is_input_terminal) {
    return fail(FailureCode::usage, "-it needs a terminal, and standard input is not one",
                "leave -t out: -i alone sends standard input as it is");
  }
  return {};
}

Result<feature::ExecRequest> request_from(ExecOptions options) {
  Result<feature::Target> target = feature::parse_target(options.target, cluster_or_default(options.cluster));
  if (!target) return fail(target.error());
  if (!options.cluster.empty()) {
    const Result<> agreed = feature::expect_cluster(*target, options.cluster);
    if (!agreed) return fail(agreed.error());
  }
  const Result<> settled = settle_terminal(options);
  if (!settled) return fail(settled.error());
  if (options.command.empty()) options.command.emplace_back("/bin/sh");
  for (const std::string& word : options.command) {
    if (!is_valid_utf8(word)) {
      return fail(FailureCode::usage,
                  "the command has bytes that are not UTF-8, which ExecuteCommand cannot carry",
                  "send such bytes on standard input (-i)");
    }
  }
  return feature::ExecRequest{.target = std::move(*target),
                              .container = std::move(options.container),
                              .command = std::move(options.command),
                              .has_input = options.input,
                              .on_terminal = options.terminal,
                              .terminal_type = environment_variable("TERM").value_or(""),
                              .time_limit = options.timeout};
}

}  // namespace

Result<int> exec_command(Words words) {
  ExecOptions options;
  const Arguments arguments = describe(options);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  const aws::Flags flags = options.flags;
  const int unknown_exit_code = static_cast<int>(options.unknown_exit_code.value_or(255));
  Result<feature::ExecRequest> request = request_from(std::move(options));
  if (!request) return fail(request.error());

  net::Loop loop;
  const Result<std::unique_ptr<aws::Client>> client = connect(loop, flags);
  if (!client) return fail(client.error());
  const Result<feature::CommandResult> result = loop.run(feature::exec(**client, std::move(*request)));
  if (!result) return fail(result.error());
  if (!result->explanation.empty()) fmt::print(stderr, "ferry: {}\n", result->explanation);
  return feature::exit_status(*result, unknown_exit_code);
}

}  // namespace ferry::cli
