#include "base/printable.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/result_output.hpp"
#include "cli/task_argument.hpp"
#include "feature/run/explanation.hpp"
#include "feature/task_lookup.hpp"
#include "net/loop.hpp"

#include <string>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::cli {
namespace {

namespace json = boost::json;

struct ExplainFlags {
  TaskArgument task;
  std::string output = "text";
};

Arguments describe(ExplainFlags& flags) {
  Arguments arguments("explain", "say why a task ended as it did, and what to do");
  describe_task_argument(arguments, flags.task);
  arguments.choice("-o,--output", {"text", "json"}, "text for people, or one JSON object", flags.output);
  arguments.epilogue("ECS knows stopped tasks for about an hour.\n");
  return arguments;
}

std::string seconds_text(milliseconds duration) {
  return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1000);
}

// "  cause      the log group does not exist"
void add_row(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) text += fmt::format("  {:<10} {}\n", name, printable(shortened(value)));
}

std::string text_of(const aws::ecs::Task& task, const feature::Explanation& explanation) {
  std::string text =
      fmt::format("task {}: {}\n", printable(task.id()), printable(shortened(explanation.verdict)));
  add_row(text, "cause", explanation.cause);
  add_row(text, "next step", explanation.next_step);
  if (explanation.retryable)
    add_row(text, "retry", *explanation.retryable ? "can help" : "does not help by itself");
  for (const std::string& line : explanation.evidence)
    add_row(text, &line == &explanation.evidence.front() ? "evidence" : "", line);
  for (const feature::TimelineStep& step : explanation.timeline) {
    const bool is_first = &step == &explanation.timeline.front();
    add_row(text, is_first ? "timeline" : "",
            fmt::format("{}  {:>9}  {}", rfc3339(step.at),
                        is_first ? std::string() : "+" + seconds_text(step.since_previous), step.what));
  }
  return text;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(shortened(text));
}

json::object json_of(const aws::ecs::Task& task, const feature::Explanation& explanation) {
  json::array timeline;
  for (const feature::TimelineStep& step : explanation.timeline)
    timeline.push_back(json::object{{"what", step.what}, {"at", rfc3339(step.at)}});
  return json::object{
      {"task", task.arn},
      {"status", task.last_status},
      {"verdict", explanation.verdict},
      {"cause", text_or_null(explanation.cause)},
      {"next_step", text_or_null(explanation.next_step)},
      {"retryable", explanation.retryable ? json::value(*explanation.retryable) : json::value(nullptr)},
      {"stop_code", text_or_null(task.stop_code)},
      {"stopped_reason", text_or_null(task.stopped_reason)},
      {"evidence", json::array(explanation.evidence.begin(), explanation.evidence.end())},
      {"timeline", std::move(timeline)}};
}

struct KnownTask {
  aws::ecs::Task task;
  feature::ContainerRoles roles;
};

// With several containers the task definition tells whose end ends the task, and who waits for whom.
net::Task<Result<KnownTask>> look_up(aws::Client& client, feature::Target target) {
  const Result<std::string> name = co_await feature::find_task(client, target);
  if (!name) co_return fail(name.error());
  Result<aws::ecs::Task> task = co_await feature::describe_task(client, target.cluster, *name);
  if (!task) co_return fail(task.error());
  if (!has_stopped(*task) || task->containers.size() < 2)
    co_return KnownTask{.task = std::move(*task), .roles = {}};
  const Result<aws::ecs::TaskDefinition> definition =
      co_await aws::ecs::describe_task_definition(client, task->task_definition_arn);
  feature::ContainerRoles roles =
      definition ? feature::ContainerRoles(*definition) : feature::ContainerRoles(definition.error());
  co_return KnownTask{.task = std::move(*task), .roles = std::move(roles)};
}

}  // namespace

Result<int> explain_command(Words words) {
  ExplainFlags flags;
  const Arguments arguments = describe(flags);
  const Result<Parsed> parsed = arguments.parse(words);
  if (!parsed) return fail(parsed.error());
  if (*parsed == Parsed::help) return print_help(arguments);
  Result<feature::Target> target = task_of(flags.task);
  if (!target) return fail(target.error());
  net::Loop loop;
  Waiting waiting(loop);
  const Result<std::unique_ptr<aws::Client>> client = connect(waiting, flags.task.connection);
  if (!client) return waiting.failed(client.error());
  const Result<KnownTask> known = waiting.get(look_up(**client, std::move(*target)));
  if (!known) return waiting.failed(known.error().in("explain"));
  const feature::Explanation explanation = feature::explain(known->task, known->roles);
  const Result<> printed = flags.output == "json"
                               ? print_json(json::serialize(json_of(known->task, explanation)) + "\n")
                               : print_text(text_of(known->task, explanation));
  if (!printed) return fail(printed.error());
  return 0;
}

}  // namespace ferry::cli
