#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/channel_flags.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/ordered_output.hpp"
#include "cli/result_output.hpp"
#include "cli/status_line.hpp"
#include "cli/terminal_flags.hpp"
#include "feature/exec.hpp"
#include "feature/result_json.hpp"
#include "sys/standard_streams.hpp"
#include "sys/tty.hpp"

#include <functional>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

constexpr int kDefaultUnknownExitCode = 255;

struct ExecFlags {
  std::string target, cluster, container;
  aws::Flags connection;
  TerminalFlags streams;
  ChannelFlags channel;
  bool all = false;
  std::optional<milliseconds> timeout;
  std::string wait, keep_alive, framing = "auto", output = "text", result_path;
  std::optional<std::int64_t> unknown_exit_code;
  std::size_t capture_limit = feature::kCaptureLimit;
  std::vector<std::string> command;

  [[nodiscard]] bool wants_json() const { return output == "json"; }
  [[nodiscard]] int unknown_status() const {
    return static_cast<int>(unknown_exit_code.value_or(kDefaultUnknownExitCode));
  }
};

Arguments describe(ExecFlags& flags) {
  Arguments arguments("exec", "run a command in a running task");
  arguments.word("TARGET", "SERVICE, CLUSTER/SERVICE, task/ID, family/NAME or an ARN", flags.target);
  arguments.command_after_dashes("the command; without it /bin/sh", flags.command);
  describe_terminal_flags(arguments, flags.streams);
  arguments.text("--container", "NAME",
                 "the task's container (default: FERRY_CONTAINER, else the one that can be meant)",
                 flags.container);
  arguments.toggle(
      "--all",
      "in every running task of the target, eight at a time, with a result for each in order: one that does "
      "not end holds up those behind it (--timeout)",
      flags.all);
  arguments.duration("--timeout", "DURATION", "end the command after this time (status 124)", flags.timeout);
  arguments.text("--wait", "DURATION",
                 "for a task that can be entered; 0s: for each call's answer only, 5 s (default: 2m)",
                 flags.wait);
  arguments.text("--keep-alive", "DURATION",
                 "how often a silent session is kept open; 0s: never (default: 5m, none on a terminal)",
                 flags.keep_alive);
  arguments.choice(
      "--framing", {"auto", "plain", "exact"},
      "output crosses as readable text, or encoded and compressed; auto: as the cluster's logging "
      "of exec sessions allows",
      flags.framing);
  arguments.choice("-o,--output", {"text", "json"}, "json: one object with output and outcome on stdout",
                   flags.output);
  arguments.text("--result-file", "FILE", "write that object to a file, beside the normal output",
                 flags.result_path);
  arguments.size(
      "--capture-limit", "SIZE",
      "with -o json and --all: how much output of a command is kept, of eight at a time; one that writes "
      "more is ended, outcome unknown (default: 64MiB)",
      flags.capture_limit);
  arguments.integer("--unknown-exit-code", "N", 1, kDefaultUnknownExitCode,
                    "status for an unknown outcome instead of 255", flags.unknown_exit_code);
  arguments.text("--cluster", "CLUSTER", "where to look (default: FERRY_CLUSTER, else default)",
                 flags.cluster);
  describe_channel_flags(arguments, flags.channel);
  describe_connection_flags(arguments, flags.connection);
  arguments.epilogue(
      "With all three standard streams terminals, -it is on by itself. On a terminal ~. at the start of a "
      "line\n"
      "disconnects. The exit status is the command's; ferry's own are 124 timed out, 125 failed,\n"
      "130 interrupted and 255 outcome unknown, each with a line on stderr.\n\n"
      "  ferry exec prod/web -- ps ax\n"
      "  ferry exec -it prod/web --container app\n"
      "  pg_dump mydb | ferry exec -i prod/db -- psql\n"
      "  ferry exec prod/web --all -- uptime\n");
  return arguments;
}

// A duration that may be nothing: "0", "0s".
Result<milliseconds> parse_pause(std::string_view flag, const std::string& text, milliseconds otherwise) {
  if (text.empty()) return otherwise;
  if (text == "0" || text == "0s" || text == "0ms" || text == "0m") return milliseconds(0);
  const Result<milliseconds> parsed = parse_duration(text);
  if (parsed) return *parsed;
  return fail(parsed.error().in(fmt::format("exec: {}", flag)));
}

tl::unexpected<Failure> contradiction(std::string_view what, std::string_view hint) {
  return fail(FailureCode::usage, fmt::format("exec: {}", what), std::string(hint));
}

Result<> check_command(const std::vector<std::string>& command) {
  for (const std::string& word : command) {
    if (!is_valid_utf8(word)) {
      return fail(FailureCode::usage,
                  "the command has bytes that are not UTF-8, which ExecuteCommand cannot carry",
                  "send such bytes on standard input (-i)");
    }
  }
  return {};
}

Result<feature::ExecOptions> session_options(const ExecFlags& flags) {
  feature::ExecOptions options;
  if (flags.streams.input) options.input = STDIN_FILENO;
  options.capture = flags.wants_json();
  options.capture_limit = flags.capture_limit;
  options.on_terminal = flags.streams.terminal;
  options.terminal_type = environment_variable("TERM").value_or("");
  options.time_limit = flags.timeout;
  options.framing = flags.framing == "plain"   ? feature::Framing::plain
                    : flags.framing == "exact" ? feature::Framing::exact
                                               : feature::Framing::automatic;
  const Result<milliseconds> keep_alive =
      parse_pause("--keep-alive", flags.keep_alive, options.keep_alive_interval);
  if (!keep_alive) return fail(keep_alive.error());
  options.keep_alive_interval = *keep_alive;
  const Result<feature::ChannelOptions> channel = channel_options("exec", flags.channel);
  if (!channel) return fail(channel.error());
  options.channel = *channel;
  return options;
}

Result<feature::ExecRequest> request_from(ExecFlags& flags) {
  feature::ExecRequest request;
  Result<feature::Target> target = feature::parse_target(flags.target, cluster_or_default(flags.cluster));
  if (!target) return fail(target.error());
  if (!flags.cluster.empty()) {
    const Result<> agreed = feature::expect_cluster(*target, flags.cluster);
    if (!agreed) return fail(agreed.error());
  }
  request.target = std::move(*target);
  if (flags.all && (flags.streams.terminal || flags.streams.input))
    return contradiction("--all runs without input and terminal", "leave -i and -t out");
  if (flags.all) flags.streams.no_terminal = true;
  const Result<> settled = settle_terminal("exec", flags.streams, flags.wants_json());
  if (!settled) return fail(settled.error());
  request.may_ask = sys::is_terminal(STDIN_FILENO) && sys::is_terminal(STDERR_FILENO);
  request.container = container_or_environment(flags.container);
  request.command = flags.command;
  if (request.command.empty()) request.command.emplace_back("/bin/sh");
  const Result<> sendable = check_command(request.command);
  if (!sendable) return fail(sendable.error());
  const Result<milliseconds> wait = parse_pause("--wait", flags.wait, request.wait_limit);
  if (!wait) return fail(wait.error());
  request.wait_limit = *wait;
  Result<feature::ExecOptions> options = session_options(flags);
  if (!options) return fail(options.error());
  request.options = std::move(*options);
  return request;
}

Result<int> exec_in_one(net::Loop& loop, aws::Client& client, feature::ExecRequest request,
                        const ExecFlags& flags, StatusLine& line) {
  const Result<feature::CommandResult> result = loop.run(feature::exec(client, std::move(request)));
  line.status({});
  if (!result) return fail(result.error());
  if (const std::string_view forgotten = forgotten_input(flags.streams); !forgotten.empty())
    line.notice(forgotten);
  if (!result->explanation.empty()) line.notice(result->explanation);
  if (flags.wants_json() || !flags.result_path.empty()) {
    const Result<> shown =
        show_result(feature::result_json_line(*result), flags.wants_json(), flags.result_path);
    if (!shown) return fail(shown.error());
  }
  return feature::exit_status(*result, flags.unknown_status());
}

// What the tasks' commands have brought: shown one after the other, and the status of the first that failed.
class ResultsOfAll {
 public:
  ResultsOfAll(net::Loop& loop, const ExecFlags& flags, StatusLine& line)
      : flags_(flags), line_(line), output_(loop), file_(flags.result_path) {}

  net::Task<> take(feature::CommandResult result, net::Event& end_asked) {
    if (status_ == 0) status_ = feature::exit_status(result, flags_.unknown_status());
    line_.status({});
    std::string json;
    if (flags_.wants_json() || !flags_.result_path.empty()) json = feature::result_json_line(result);
    file_.add(json);
    if (flags_.wants_json()) {
      co_await output_.to_stdout(to_bytes(json + "\n"), end_asked);
    } else {
      co_await show(std::move(result), end_asked);
    }
  }

  void write_into(net::TaskGroup& group) { output_.write_into(group); }

  // After the last one.
  Result<int> status() {
    const Result<> saved = file_.finish();
    if (!saved) return fail(saved.error());
    const Result<> written = output_.failure();
    if (!written) return fail(written.error());
    return status_;
  }

 private:
  // Under a line that names the task.
  net::Task<> show(feature::CommandResult result, net::Event& end_asked) {
    const auto own_line = [](std::string_view text) { return to_bytes(sys::own_line(text)); };
    const std::string id = result.task.substr(result.task.rfind('/') + 1);
    co_await output_.to_stderr(own_line(fmt::format("task {}", id)), end_asked);
    co_await output_.to_stdout(std::move(result.standard_output).value_or(Bytes{}), end_asked);
    Bytes errors = std::move(result.standard_error).value_or(Bytes{});
    // A line of ours follows: the next task's, if not this one's.
    if (!errors.empty() && errors.back() != '\n') errors.push_back('\n');
    co_await output_.to_stderr(std::move(errors), end_asked);
    if (!result.explanation.empty()) co_await output_.to_stderr(own_line(result.explanation), end_asked);
  }

  const ExecFlags& flags_;
  StatusLine& line_;
  OrderedOutput output_;
  ResultFile file_;
  int status_ = 0;
};

net::Task<> exec_and_show(aws::Client& client, net::TaskGroup& group, feature::ExecRequest request,
                          ResultsOfAll& results, Result<>& ended) {
  results.write_into(group);
  ended = co_await feature::exec_in_all(client, std::move(request),
                                        [&results](feature::CommandResult result, net::Event& end_asked) {
                                          return results.take(std::move(result), end_asked);
                                        });
}

Result<int> exec_in_all(net::Loop& loop, aws::Client& client, feature::ExecRequest request,
                        const ExecFlags& flags, StatusLine& line) {
  ResultsOfAll results(loop, flags, line);
  Result<> ended;
  loop.run(net::with_children(loop, [&](net::TaskGroup& group) {
    return exec_and_show(client, group, std::move(request), results, ended);
  }));
  line.status({});
  if (!ended) return fail(ended.error());
  return results.status();
}

}  // namespace

Result<int> exec_command(Words words) {
  ExecFlags flags;
  const Arguments arguments = describe(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::ExecRequest> request = request_from(flags);
  if (!request) return fail(request.error());
  const Result<> result_path = check_result_path(flags.result_path);
  if (!result_path) return fail(result_path.error());

  StatusLine line;
  request->options.notice = [&line](std::string_view text) { line.notice(text); };
  request->status = [&line](std::string_view text) { line.status(text); };
  net::Loop loop;
  Waiting waiting(loop, flags.timeout);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, flags.connection);
  if (!client) return waiting.failed(client.error());
  request->options.began_at = waiting.began_at();
  Result<int> status = flags.all ? exec_in_all(loop, **client, std::move(*request), flags, line)
                                 : exec_in_one(loop, **client, std::move(*request), flags, line);
  return status;
}

}  // namespace ferry::cli
