#include "feature/task_logs.hpp"

#include "feature/container_choice.hpp"
#include "feature/run/pacing.hpp"
#include "feature/task_lookup.hpp"
#include "feature/task_wait.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::feature {
namespace {

// How long a stopped task's log must stay silent: nobody knows here when its last line was written.
constexpr milliseconds kSettleWindow{1'000};
constexpr milliseconds kLongestOutage{300'000};

Result<std::vector<std::string>> wanted_containers(const aws::ecs::Task& task,
                                                   const aws::ecs::TaskDefinition& definition,
                                                   const LogsRequest& request, const LogListener& listener) {
  if (!request.all_containers) {
    const Result<ContainerChoice> chosen = choose_container(
        container_candidates(task, &definition), request.container, fmt::format("task {}", task.id()));
    if (!chosen) return fail(chosen.error());
    if (!chosen->notice.empty()) listener.notice(chosen->notice);
    return std::vector<std::string>{chosen->name};
  }
  std::vector<std::string> names;
  std::ranges::transform(definition.containers, std::back_inserter(names),
                         &aws::ecs::ContainerDefinition::name);
  return names;
}

// Leaves out what is older than was asked for.
LogListener since(std::optional<std::int64_t> since_ms, LogListener listener) {
  if (!since_ms) return listener;
  return {.events =
              [since_ms, events = std::move(listener.events)](std::string_view container,
                                                              std::span<const aws::logs::Event> all) {
                std::vector<aws::logs::Event> newer;
                std::ranges::copy_if(
                    all, std::back_inserter(newer),
                    [since_ms](const aws::logs::Event& event) { return event.timestamp_ms >= *since_ms; });
                if (!newer.empty()) events(container, newer);
              },
          .notice = std::move(listener.notice),
          .room = std::move(listener.room)};
}

// One task's logs, one call after the other.
class Following {
 public:
  // `start_ms`: nothing older is wanted. `room`: see LogRereading.
  Following(aws::Client& client, std::string cluster, aws::ecs::Task task, std::vector<ContainerLog> logs,
            std::int64_t start_ms, std::function<net::Task<>()> room)
      : client_(client),
        cluster_(std::move(cluster)),
        task_(std::move(task)),
        logs_(std::move(logs)),
        start_ms_(std::max(start_ms, log_start(task_))),
        rereading_(client, std::move(room)),
        pacing_(net::steady_now()),
        last_seen_at_(net::steady_now()) {
    pacing_.running();
  }

  // To where nothing newer is at the moment.
  net::Task<> once() {
    for (ContainerLog& log : logs_) {
      log.task_stopped(net::steady_now(), milliseconds(0));
      co_await to_end(log);
    }
    co_await all_again();
  }

  net::Task<Result<>> until_stopped() {
    while (std::ranges::any_of(logs_, &ContainerLog::is_open)) {
      if (has_stopped(task_)) {
        co_await rest();
        break;
      }
      const Result<> stepped = co_await step();
      if (!stepped) co_return stepped;
    }
    co_return Result<>();
  }

  [[nodiscard]] bool is_any_readable() const {
    return std::ranges::any_of(logs_,
                               [](const ContainerLog& log) { return log.state() != LogState::unavailable; });
  }

 private:
  net::Task<> to_end(ContainerLog& log) {
    while (log.is_open() && !log.is_read_once()) {
      const std::optional<Instant> due = log.due();
      if (due) co_await net::sleep_until(client_.loop(), *due);
      co_await log.read();
    }
  }

  net::Task<> rest() {
    for (ContainerLog& log : logs_) {
      if (log.is_open()) log.task_stopped(net::steady_now(), kSettleWindow);
    }
    for (ContainerLog& log : logs_) co_await to_end(log);
    co_await all_again();
  }

  net::Task<> all_again() {
    co_await net::with_children(client_.loop(), [this](net::TaskGroup& group) {
      group.spawn(rereading_.serve());
      return read_again(client_.loop(), logs_, rereading_, start_ms_);
    });
  }

  net::Task<Result<>> step() {
    for (ContainerLog& log : logs_) {
      const std::optional<Instant> due = log.due();
      if (due && *due <= net::steady_now()) co_await log.read();
    }
    const RunPacing::Step next = pacing_.next();
    co_await net::sleep_until(client_.loop(), next.due);
    const Result<> looked = co_await look();
    if (!looked) co_return looked;
    RunPacing::Log became = RunPacing::Log::not_read;
    for (ContainerLog& log : logs_) {
      if (!next.reads_log || !log.is_open() || has_stopped(task_)) continue;
      const LogRead read = co_await log.read();
      if (read == LogRead::brought_events) became = RunPacing::Log::brought_events;
      if (became == RunPacing::Log::not_read) became = RunPacing::Log::silent;
    }
    if (was_seen_) pacing_.taken(net::steady_now(), became);
    co_return Result<>();
  }

  net::Task<Result<>> look() {
    Result<aws::ecs::Task> task = co_await describe_task(client_, cluster_, task_.arn);
    const Instant now = net::steady_now();
    if (task) {
      task_ = std::move(*task);
      last_seen_at_ = now;
      was_seen_ = true;
      co_return Result<>();
    }
    if (!may_pass(task.error()) || now - last_seen_at_ > kLongestOutage) co_return fail(task.error());
    was_seen_ = false;
    pacing_.refused(now);
    co_return Result<>();
  }

  aws::Client& client_;
  std::string cluster_;
  aws::ecs::Task task_;
  std::vector<ContainerLog> logs_;
  std::int64_t start_ms_;
  LogRereading rereading_;
  RunPacing pacing_;
  Instant last_seen_at_;
  bool was_seen_ = true;  // the last look was answered
};

}  // namespace

net::Task<Result<>> show_logs(aws::Client& client, LogsRequest request, LogListener listener) {
  const Result<std::string> name = co_await find_task(client, request.task);
  if (!name) co_return fail(name.error());
  Result<aws::ecs::Task> task = co_await describe_task(client, request.task.cluster, *name);
  if (!task) co_return fail(task.error());
  const Result<aws::ecs::TaskDefinition> definition =
      co_await aws::ecs::describe_task_definition(client, task->task_definition_arn);
  if (!definition) co_return fail(definition.error().in(task->task_definition_arn));
  const Result<std::vector<std::string>> containers =
      wanted_containers(*task, *definition, request, listener);
  if (!containers) co_return fail(containers.error());
  const std::function<net::Task<>()> room = listener.room;
  const LogListener newer = since(request.since_ms, std::move(listener));
  std::vector<ContainerLog> logs;
  logs.reserve(containers->size());
  for (const std::string& container : *containers)
    logs.emplace_back(client, container, log_source(*definition, container, task->id()), newer,
                      remembered_events(containers->size()));
  Following following(client, request.task.cluster, std::move(*task), std::move(logs),
                      request.since_ms.value_or(0), room);
  if (request.follow) {
    const Result<> followed = co_await following.until_stopped();
    if (!followed) co_return followed;
  } else {
    co_await following.once();
  }
  if (!following.is_any_readable())
    co_return fail(FailureCode::not_found, "there is no log that can be read");
  co_return Result<>();
}

}  // namespace ferry::feature
