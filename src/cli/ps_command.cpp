#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/result_output.hpp"
#include "cli/status_line.hpp"
#include "cli/task_table.hpp"
#include "feature/task_lookup.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"

#include <string>
#include <utility>
#include <vector>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::cli {
namespace {

struct PsFlags {
  std::string place, family, started_by, output = "text";
  aws::Flags connection;
  bool all = false;
};

Arguments describe(PsFlags& flags) {
  Arguments arguments("ps", "list tasks");
  arguments.optional_word("CLUSTER[/SERVICE]", "where to look (default: FERRY_CLUSTER, else default)",
                          flags.place);
  arguments.toggle("-a,--all", "stopped tasks too: ECS knows them for about an hour", flags.all);
  arguments.text("--family", "NAME", "those of one family of task definitions", flags.family);
  arguments.text("--started-by", "NAME", "those that were started by this name", flags.started_by);
  arguments.choice("-o,--output", {"text", "json"}, "json: one object a line for each task", flags.output);
  describe_connection_flags(arguments, flags.connection);
  arguments.epilogue("  ferry ps prod\n  ferry ps prod/web --all -o json\n");
  return arguments;
}

Result<feature::TaskFilter> filter_from(const PsFlags& flags) {
  feature::TaskFilter filter;
  const std::size_t slash = flags.place.find('/');
  filter.cluster = cluster_or_default(flags.place.substr(0, slash));
  if (slash != std::string::npos) filter.service = flags.place.substr(slash + 1);
  filter.family = flags.family;
  filter.started_by = flags.started_by;
  filter.with_stopped = flags.all;
  const int given = static_cast<int>(!filter.service.empty()) + static_cast<int>(!filter.family.empty()) +
                    static_cast<int>(!filter.started_by.empty());
  if (given > 1) {
    return fail(FailureCode::usage, "ps: a service, --family and --started-by exclude each other",
                "ECS lists by one of them at a time");
  }
  return filter;
}

Result<> print(const std::vector<aws::ecs::Task>& tasks, bool as_json) {
  if (!as_json) return print_text(task_table(tasks, net::wall_now()));
  std::string lines;
  for (const aws::ecs::Task& task : tasks) lines += boost::json::serialize(task_json(task)) + "\n";
  return print_json(lines);
}

// Runs that their ferry has left go on and cost money: the way to end them is said. Tasks of services come
// back.
void tell_what_runs_on(const std::vector<aws::ecs::Task>& tasks, StatusLine& line) {
  constexpr int kMostLines = 10;
  int count = 0;
  for (const aws::ecs::Task& task : tasks) {
    const bool is_of_service = task.group.starts_with("service:") || task.started_by.starts_with("ecs-svc/");
    if (is_of_service || task.desired_status == "STOPPED" || task.last_status == "STOPPED") continue;
    if (++count > kMostLines) continue;
    line.notice(fmt::format("task {} is of no service{}; stop it with: ferry stop --cluster {} {}", task.id(),
                            task.started_by.empty() ? "" : fmt::format(" (started by {})", task.started_by),
                            task.cluster_name(), task.id()));
  }
  if (count > kMostLines) line.notice(fmt::format("{} other tasks are of no service", count - kMostLines));
}

}  // namespace

Result<int> ps_command(Words words) {
  PsFlags flags;
  const Arguments arguments = describe(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::TaskFilter> filter = filter_from(flags);
  if (!filter) return fail(filter.error());
  net::Loop loop;
  Waiting waiting(loop);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, flags.connection);
  if (!client) return waiting.failed(client.error());
  const Result<std::vector<aws::ecs::Task>> tasks =
      waiting.get(feature::find_tasks(**client, std::move(*filter)));
  if (!tasks) return waiting.failed(tasks.error().in("ps"));
  const Result<> printed = print(*tasks, flags.output == "json");
  if (!printed) return fail(printed.error());
  StatusLine line;
  if (flags.output != "json") tell_what_runs_on(*tasks, line);
  return 0;
}

}  // namespace ferry::cli
