#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/run_output.hpp"
#include "cli/task_argument.hpp"
#include "feature/reader_wait.hpp"
#include "feature/task_logs.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"

#include <csignal>
#include <optional>
#include <string>
#include <utility>

namespace ferry::cli {
namespace {

struct LogsFlags {
  TaskArgument task;
  std::string container;
  bool all_containers = false, follow = false;
  std::optional<milliseconds> since;
};

Arguments describe(LogsFlags& flags) {
  Arguments arguments("logs", "show the log of a task, running or stopped");
  describe_task_argument(arguments, flags.task);
  arguments.toggle("-f,--follow", "go on until the task has stopped and its log is read to the end",
                   flags.follow);
  arguments.duration("--since", "DURATION", "only what is not older: 90s, 30m, 2h", flags.since);
  arguments.text("--container", "NAME", "whose log, where there are several", flags.container);
  arguments.toggle("--all-containers", "the logs of all, each line under its container's name",
                   flags.all_containers);
  return arguments;
}

net::Task<> show_beside(net::TaskGroup& group, aws::Client& client, feature::LogsRequest request,
                        feature::LogListener listener, RunOutput& output, Result<>& shown) {
  output.write_into(group, {});
  group.spawn(output.output()->watch_reader());
  const std::optional<Result<>> whole =
      co_await net::unless(client.loop(), output.output()->failed(),
                           feature::show_logs(client, std::move(request), std::move(listener)));
  if (whole) shown = *whole;
  net::Event never(client.loop());
  for (feature::OutputStream* stream : {output.output(), output.notices()})
    co_await feature::wait_for_reader(client.loop(), *stream, 0, never, Instant::max());
}

// To the last byte that the readers of our streams take.
net::Task<Result<>> show_and_write(net::Loop& loop, aws::Client& client, feature::LogsRequest request,
                                   feature::LogListener listener, RunOutput& output) {
  Result<> shown;
  co_await net::with_children(loop, [&](net::TaskGroup& group) {
    return show_beside(group, client, std::move(request), std::move(listener), output, shown);
  });
  co_return shown;
}

}  // namespace

Result<int> logs_command(Words words) {
  LogsFlags flags;
  const Arguments arguments = describe(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::Target> target = task_of(flags.task);
  if (!target) return fail(target.error());
  feature::LogsRequest request;
  request.task = std::move(*target);
  request.container = container_or_environment(flags.container);
  request.all_containers = flags.all_containers;
  request.follow = flags.follow;
  if (flags.since) request.since_ms = (net::wall_now() - *flags.since).time_since_epoch().count();

  net::Loop loop;
  Waiting waiting(loop);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, flags.task.connection);
  if (!client) return waiting.failed(client.error());
  RunOutput output(loop, RunOutput::Shown::log, false, flags.all_containers);
  const feature::LogListener listener{
      .events = [&output](std::string_view container,
                          std::span<const aws::logs::Event> events) { output.log({}, container, events); },
      .notice = [&output](std::string_view line) { output.notice(line); },
      .room = [&output] { return output.output()->room(); }};
  const Result<> shown = waiting.get(show_and_write(loop, **client, std::move(request), listener, output));
  if (!shown) return waiting.failed(shown.error().in("logs"));
  const Result<> written = output.written();
  if (!written) return fail(written.error());
  return 0;
}

}  // namespace ferry::cli
