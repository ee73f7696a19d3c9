#include "local/tasks/task_engine.hpp"

#include "local/api/cluster_operations.hpp"
#include "local/api/input.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/task_document.hpp"
#include "local/tasks/task_run.hpp"
#include "net/clock.hpp"

#include <chrono>
#include <map>
#include <utility>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::chrono::hours kVisibleAfterStop{1};
constexpr milliseconds kSweepInterval = std::chrono::minutes(1);
constexpr std::string_view kEndpointEnded = "TerminationNotice";
constexpr std::string_view kToldToStop = "ferry local was told to stop";

}  // namespace

struct TaskEngine::State {
  State(net::Loop& event_loop, Documents& store, LogStore& logs, ContainerRuntime& runtime,
        SessionRegistry& sessions, Fates wanted_fates)
      : loop(event_loop),
        documents(store),
        fates(std::move(wanted_fates)),
        intake(event_loop, logs, fates),
        around{.loop = event_loop,
               .intake = intake,
               .runtime = runtime,
               .sessions = sessions,
               .save = [this](json::object& task) { save(task); },
               .fates = fates},
        tasks(event_loop),
        sweeper(event_loop),
        idle(event_loop) {
    idle.set();
  }

  void save(json::object& task) {
    task["version"] = number_in(task, "version").value_or(0) + 1;
    documents.put(kTaskKind, text_of(task, "taskArn"), task);
    if (listener) listener(task);
  }

  net::Task<> live(std::string arn) {
    TaskRun& run = *runs.at(arn);
    co_await run.live();
    runs.erase(arn);
    if (runs.empty()) idle.set();
  }

  net::Task<> sweep() {
    while (true) {
      documents.erase_below(kTaskKind, "stoppedAt", epoch_seconds(net::wall_now() - kVisibleAfterStop));
      co_await net::sleep_for(loop, kSweepInterval);
    }
  }

  net::Loop& loop;
  Documents& documents;
  Fates fates;
  LogIntake intake;
  TaskRun::Surroundings around;
  std::function<void(const json::object&)> listener;
  std::map<std::string, std::unique_ptr<TaskRun>> runs;
  net::TaskGroup tasks, sweeper;
  net::Event idle;         // no task runs
  bool is_closed = false;  // what is launched now is stopped at once
  bool is_shut_down = false;
};

TaskEngine::TaskEngine(net::Loop& loop, Documents& documents, LogStore& logs, ContainerRuntime& runtime,
                       SessionRegistry& sessions, Fates fates)
    : state_(std::make_unique<State>(loop, documents, logs, runtime, sessions, std::move(fates))) {}

TaskEngine::~TaskEngine() = default;

void TaskEngine::launch(json::object task, json::object task_definition) {
  const std::string arn = text_of(task, "taskArn");
  state_->documents.put(kTaskKind, arn, task);
  if (state_->listener) state_->listener(task);
  if (state_->is_closed) {
    const WallTime now = net::wall_now();
    task_stopping(task, kEndpointEnded, kToldToStop, now);
    task_stopped(task, now);
    state_->save(task);
    return;
  }
  state_->runs.emplace(
      arn, std::make_unique<TaskRun>(state_->around, std::move(task), std::move(task_definition)));
  state_->idle.reset();
  state_->tasks.spawn(state_->live(arn));
}

void TaskEngine::stop(const std::string& task_arn, std::string stop_code, std::string reason) {
  const auto found = state_->runs.find(task_arn);
  if (found != state_->runs.end()) found->second->stop(stop_code, reason);
}

void TaskEngine::on_change(std::function<void(const json::object& task)> listener) {
  state_->listener = std::move(listener);
}

void TaskEngine::recover() {
  const WallTime now = net::wall_now();
  for (json::object& task : state_->documents.list(kTaskKind)) {
    if (is_stopped(task)) continue;
    if (is_wanted(task)) task_stopping(task, kEndpointEnded, "ferry local ended while this task ran", now);
    task_stopped(task, now);
    state_->save(task);
  }
  state_->sweeper.spawn(state_->sweep());
}

net::Task<> TaskEngine::stop_all(milliseconds grace) {
  state_->is_closed = true;
  for (const auto& [arn, run] : state_->runs) run->stop(kEndpointEnded, kToldToStop);
  const Instant deadline = net::steady_now() + grace;
  const bool all_ended = co_await state_->idle.wait_until(deadline);
  if (!all_ended) {
    for (const auto& [arn, run] : state_->runs) run->kill();
  }
  co_await state_->idle.wait();
  state_->intake.settle_all();
  state_->is_closed = state_->is_shut_down;
}

net::Task<> TaskEngine::shut_down() {
  state_->is_shut_down = true;
  co_await stop_all();
  co_await state_->tasks.join();
  co_await state_->intake.shut_down();
  state_->sweeper.cancel();
  co_await state_->sweeper.join();
}

}  // namespace ferry::local
