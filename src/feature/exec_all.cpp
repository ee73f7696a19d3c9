// exec_in_all(): one exec a task, a few at a time, results in the order of the tasks.
#include "feature/end_watch.hpp"
#include "feature/exec.hpp"
#include "feature/exec_command_session.hpp"
#include "feature/exec_target.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace ferry::feature {
namespace {

// What the commands share. A result's place is that of its task.
struct Round {
  aws::Client& client;
  ExecRequest request;
  std::vector<std::string> tasks;
  std::function<net::Task<>(CommandResult, net::Event& end_asked)> take;
  EndWatch end;  // of all of them; each command has its own, too, and its time limit
  std::vector<std::optional<CommandResult>> results;
  net::Event changed;  // a result is there, or was taken
  std::size_t next_task = 0, next_result = 0;
};

ExecRequest request_for(const Round& round, const std::string& task) {
  ExecRequest request = round.request;
  request.target.kind = Target::Kind::task;
  request.target.name = task.substr(task.rfind('/') + 1);
  request.options.capture = true;
  return request;
}

CommandResult failed_here(const Failure& failure) {
  CommandResult result;
  result.outcome = Outcome::unknown;
  result.explanation = failure.line();
  return result;
}

CommandResult not_begun(const Round& round, const std::string& task) {
  CommandResult result;
  result.cluster = round.request.target.cluster;
  result.task = task;
  result.outcome = Outcome::interrupted;
  result.explanation = "interrupted, before the command was started";
  return result;
}

// Before the tasks were known.
CommandResult given_up(const ExecRequest& request, const Ending& ending) {
  CommandResult result;
  result.cluster = request.target.cluster;
  result.container = request.container;
  result.outcome = outcome_of(ending);
  result.explanation = in_words(ending) + ", before a command was started";
  return result;
}

// Whoever ends one means them all.
void give_up_the_rest(Round& round) {
  for (; round.next_task < round.tasks.size(); ++round.next_task)
    round.results[round.next_task] = not_begun(round, round.tasks[round.next_task]);
}

// A command begins only where the result that it will have has a place among those that are kept.
net::Task<> work(Round& round) {
  while (round.next_task < round.tasks.size()) {
    if (round.next_task >= round.next_result + kMostAtATime) {
      round.changed.reset();
      co_await round.changed.wait();
      continue;
    }
    const std::size_t index = round.next_task++;
    ExecRequest request = request_for(round, round.tasks[index]);
    request.says_choice = index == 0;  // once is enough
    Result<CommandResult> result = co_await exec(round.client, std::move(request));
    if (result && result->task.empty()) result->task = round.tasks[index];
    round.results[index] = result ? std::move(*result) : failed_here(result.error());
    if (round.results[index]->outcome == Outcome::interrupted) give_up_the_rest(round);
    round.changed.set();
  }
}

net::Task<> hand_on(Round& round) {
  while (round.next_result < round.results.size()) {
    std::optional<CommandResult>& next = round.results[round.next_result];
    if (!next) {
      round.changed.reset();
      co_await round.changed.wait();
      continue;
    }
    co_await round.take(*std::exchange(next, std::nullopt), round.end.asked());
    ++round.next_result;
    round.changed.set();
  }
}

net::Task<> give_up_when_asked(Round& round) {
  co_await round.end.asked().wait();
  give_up_the_rest(round);
  round.changed.set();
}

net::Task<> work_side_by_side(Round& round, net::TaskGroup& group) {
  const std::size_t workers = std::min(kMostAtATime, round.tasks.size());
  for (std::size_t i = 0; i < workers; ++i) group.spawn(work(round));
  group.spawn(round.end.run());
  group.spawn(give_up_when_asked(round));
  return hand_on(round);
}

}  // namespace

net::Task<Result<>> exec_in_all(aws::Client& client, ExecRequest request,
                                std::function<net::Task<>(CommandResult, net::Event& end_asked)> take) {
  EndWatch end(client.loop(), end_conditions(request.options));
  std::optional<Result<std::vector<std::string>>> found =
      co_await unless_ended(client.loop(), end, find_task_names(client, request.target));
  if (!found) {
    co_await take(given_up(request, end.ending()), end.asked());
    co_return Result<>();
  }
  Result<std::vector<std::string>> tasks = std::move(*found);
  if (!tasks) co_return fail(tasks.error());
  request.options.began_at.reset();  // the time limit is each command's own
  if (tasks->empty()) co_return fail(nothing_found(request.target));
  const std::size_t count = tasks->size();
  EndConditions all{.time_limit = std::nullopt,
                    .began_at = std::nullopt,
                    .heeds_signals = request.options.heeds_signals,
                    .caller = request.options.cancel};
  Round round{.client = client,
              .request = std::move(request),
              .tasks = std::move(*tasks),
              .take = std::move(take),
              .end = EndWatch(client.loop(), all),
              .results = std::vector<std::optional<CommandResult>>(count),
              .changed = net::Event(client.loop())};
  co_await net::with_children(client.loop(),
                              [&](net::TaskGroup& group) { return work_side_by_side(round, group); });
  co_return Result<>();
}

}  // namespace ferry::feature
