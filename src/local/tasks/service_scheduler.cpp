#include "local/tasks/service_scheduler.hpp"

#include "local/api/arn.hpp"
#include "local/api/cluster_operations.hpp"
#include "local/api/input.hpp"
#include "local/api/task_definition_operations.hpp"
#include "local/tasks/crash_backoff.hpp"
#include "local/tasks/document.hpp"
#include "local/tasks/rollout.hpp"
#include "local/tasks/service_document.hpp"
#include "local/tasks/task_document.hpp"
#include "net/clock.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::local {
namespace {

// Of a service, between two looks.
constexpr std::int64_t kMostStartsAtATime = 10;

namespace json = boost::json;

// What the scheduler knows of a task that has not stopped.
struct Member {
  bool is_wanted = true;
  bool is_running = false;
};
using Members = std::map<std::string, Member>;  // by task ARN

bool belongs_to_service(const json::object& task) {
  return text_of(task, "group").starts_with("service:");
}

std::int64_t count_if(const Members& members, bool is_running) {
  return std::ranges::count_if(members, [is_running](const auto& entry) {
    return entry.second.is_wanted && entry.second.is_running == is_running;
  });
}

std::string as_list(const std::vector<std::string>& task_arns) {
  std::string list;
  for (const std::string& arn : task_arns) list += fmt::format("(task {}) ", short_name(arn));
  if (!list.empty()) list.pop_back();
  return list;
}

bool is_steady(const json::object& service) {
  return list_of(service, "deployments").size() == 1 &&
         number_in(service, "runningCount") == number_in(service, "desiredCount") &&
         number_in(service, "pendingCount") == 0;
}

}  // namespace

struct ServiceScheduler::State {
  State(net::Loop& event_loop, Documents& store, TaskEngine& task_engine)
      : loop(event_loop), documents(store), engine(task_engine), awake(event_loop) {}

  void note(const json::object& task);
  net::Task<> keep();
  void look_at(json::object service);
  void move(json::object& service, const Fleet& fleet);
  void start_tasks(json::object& service, std::int64_t count);
  void stop_tasks(json::object& service, Members members, std::int64_t running, std::int64_t pending,
                  const std::string& deployment_id);
  void show_counts(json::object& service);
  void settle(json::object& service);
  [[nodiscard]] const Members& members_of(const std::string& deployment_id) const;
  [[nodiscard]] Fleet fleet_of(json::object& service) const;

  net::Loop& loop;
  Documents& documents;
  TaskEngine& engine;
  std::unique_ptr<net::TaskGroup> keeper;  // while started
  net::Event awake;
  std::map<std::string, Members> fleets;         // by deployment id
  std::map<std::string, CrashBackoff> backoffs;  // by deployment id
  std::optional<Instant> next_look;
};

void ServiceScheduler::State::note(const json::object& task) {
  if (!belongs_to_service(task)) return;
  const std::string deployment_id = text_of(task, "startedBy");
  const std::string arn = text_of(task, "taskArn");
  Members& members = fleets[deployment_id];
  const auto known = members.find(arn);
  const bool was_wanted = known != members.end() && known->second.is_wanted;
  if (was_wanted && !is_wanted(task)) backoffs[deployment_id].task_ends(task, net::steady_now());
  if (is_stopped(task)) {
    members.erase(arn);
  } else {
    members[arn] =
        Member{.is_wanted = is_wanted(task), .is_running = text_of(task, "lastStatus") == "RUNNING"};
  }
  awake.set();
}

net::Task<> ServiceScheduler::State::keep() {
  while (true) {
    awake.reset();
    next_look.reset();
    for (json::object& service : documents.list(kServiceKind)) {
      if (is_active(service) || is_draining(service)) look_at(std::move(service));
      // What a look has started wakes us at once: calls are answered in between.
      co_await net::sleep_for(loop, milliseconds(0));
    }
    if (next_look) {
      const Instant deadline = *next_look;
      co_await awake.wait_until(deadline);
    } else {
      co_await awake.wait();
    }
  }
}

const Members& ServiceScheduler::State::members_of(const std::string& deployment_id) const {
  static const Members none;
  const auto found = fleets.find(deployment_id);
  return found == fleets.end() ? none : found->second;
}

Fleet ServiceScheduler::State::fleet_of(json::object& service) const {
  const json::object& configuration = structure_of(service, "deploymentConfiguration");
  Fleet fleet;
  fleet.desired = number_in(service, "desiredCount").value_or(0);
  fleet.minimum_healthy_percent = number_in(configuration, "minimumHealthyPercent").value_or(100);
  fleet.maximum_percent = number_in(configuration, "maximumPercent").value_or(200);
  for (const json::value& value : list_of(service, "deployments")) {
    const json::object& deployment = value.as_object();
    const Members& members = members_of(text_of(deployment, "id"));
    const bool is_primary = text_of(deployment, "status") == "PRIMARY";
    (is_primary ? fleet.primary_running : fleet.old_running) += count_if(members, true);
    (is_primary ? fleet.primary_pending : fleet.old_pending) += count_if(members, false);
  }
  return fleet;
}

void ServiceScheduler::State::look_at(json::object service) {
  const json::object before = service;
  move(service, fleet_of(service));
  show_counts(service);
  settle(service);
  if (service != before) documents.put(kServiceKind, text_of(service, "serviceArn"), service);
}

void ServiceScheduler::State::move(json::object& service, const Fleet& fleet) {
  const Steps steps = next_steps(fleet);
  const std::string primary_id = text_of(primary_of(service), "id");
  CrashBackoff& backoff = backoffs[primary_id];
  primary_of(service)["failedTasks"] =
      number_in(primary_of(service), "failedTasks").value_or(0) + backoff.take_failures();
  const std::int64_t pending_to_stop = std::min(steps.stop_primary, fleet.primary_pending);
  stop_tasks(service, members_of(primary_id), steps.stop_primary - pending_to_stop, pending_to_stop,
             primary_id);
  std::int64_t old_to_stop = steps.stop_old;
  for (const json::value& value : json::array(list_of(service, "deployments"))) {
    const std::string id = text_of(value.as_object(), "id");
    if (id == primary_id) continue;
    const Members members = members_of(id);
    const std::int64_t running = std::min(old_to_stop, count_if(members, true));
    old_to_stop -= running;
    stop_tasks(service, members, running, count_if(members, false), primary_id);
  }
  if (steps.start == 0) return;
  if (backoff.allows(net::steady_now())) {
    start_tasks(service, steps.start);
    return;
  }
  if (backoff.take_warning()) {
    add_event(service, "is unable to consistently start tasks successfully.", net::wall_now());
  }
  next_look = std::min(next_look.value_or(backoff.next_start()), backoff.next_start());
}

void ServiceScheduler::State::start_tasks(json::object& service, std::int64_t count) {
  const auto record = find_task_definition(documents, text_of(service, "taskDefinition"));
  if (!record) {
    add_event(service, "was unable to start tasks: its task definition was not found.", net::wall_now());
    return;
  }
  TaskOrder order;
  order.cluster_arn = text_of(service, "clusterArn");
  order.task_definition = record->definition;
  order.network_configuration = structure_of(service, "networkConfiguration");
  const json::array& strategy = list_of(service, "capacityProviderStrategy");
  if (!strategy.empty()) order.capacity_provider = text_of(strategy.front().as_object(), "capacityProvider");
  order.launch_type = strategy.empty() ? text_of(service, "launchType") : "FARGATE";
  order.platform_version = text_of(service, "platformVersion");
  order.group = "service:" + text_of(service, "serviceName");
  order.started_by = text_of(primary_of(service), "id");
  const std::string propagated = text_of(service, "propagateTags");
  if (propagated == "SERVICE") order.tags = list_of(service, "tags");
  if (propagated == "TASK_DEFINITION") order.tags = record->tags;
  order.enable_execute_command = flag_of(service, "enableExecuteCommand");
  std::vector<std::string> started;
  for (std::int64_t i = 0; i < std::min(count, kMostStartsAtATime); ++i) {
    json::object task = new_task(order, net::wall_now());
    started.push_back(text_of(task, "taskArn"));
    engine.launch(std::move(task), record->definition);
  }
  add_event(service, fmt::format("has started {} tasks: {}.", started.size(), as_list(started)),
            net::wall_now());
}

// `members` by value: stopping a task changes the fleet.
void ServiceScheduler::State::stop_tasks(json::object& service, Members members, std::int64_t running,
                                         std::int64_t pending, const std::string& deployment_id) {
  std::vector<std::string> stopped;
  for (const auto& [arn, member] : members) {
    std::int64_t& left = member.is_running ? running : pending;
    if (!member.is_wanted || left == 0) continue;
    --left;
    engine.stop(arn, "ServiceSchedulerInitiated",
                fmt::format("Scaling activity initiated by (deployment {})", deployment_id));
    stopped.push_back(arn);
  }
  if (stopped.empty()) return;
  add_event(service, fmt::format("has stopped {} running tasks: {}.", stopped.size(), as_list(stopped)),
            net::wall_now());
}

void ServiceScheduler::State::show_counts(json::object& service) {
  std::int64_t all_running = 0;
  std::int64_t all_pending = 0;
  json::array kept;
  for (json::value& value : service["deployments"].as_array()) {
    json::object& deployment = value.as_object();
    const std::string id = text_of(deployment, "id");
    const bool is_primary = text_of(deployment, "status") == "PRIMARY";
    const Members& members = members_of(id);
    if (!is_primary && members.empty()) {
      fleets.erase(id);
      backoffs.erase(id);
      continue;
    }
    const std::int64_t running = count_if(members, true);
    const std::int64_t pending = count_if(members, false);
    all_running += running;
    all_pending += pending;
    const bool is_changed =
        number_in(deployment, "runningCount") != running || number_in(deployment, "pendingCount") != pending;
    if (is_changed) deployment["updatedAt"] = epoch_seconds(net::wall_now());
    deployment["runningCount"] = running;
    deployment["pendingCount"] = pending;
    if (is_primary) deployment["desiredCount"] = service["desiredCount"];
    kept.emplace_back(std::move(deployment));
  }
  service["deployments"] = std::move(kept);
  const bool was_steady = is_steady(service);
  service["runningCount"] = all_running;
  service["pendingCount"] = all_pending;
  if (!was_steady && is_steady(service) && is_active(service)) {
    add_event(service, "has reached a steady state.", net::wall_now());
  }
}

void ServiceScheduler::State::settle(json::object& service) {
  json::object& primary = primary_of(service);
  const std::string id = text_of(primary, "id");
  if (is_steady(service) && text_of(primary, "rolloutState") != "COMPLETED") {
    primary["rolloutState"] = "COMPLETED";
    primary["rolloutStateReason"] = fmt::format("ECS deployment {} completed.", id);
  }
  const bool is_empty = list_of(service, "deployments").size() == 1 && members_of(id).empty();
  if (!is_draining(service) || !is_empty) return;
  service["status"] = "INACTIVE";
  service["deployments"] = json::array();
  fleets.erase(id);
  backoffs.erase(id);
}

ServiceScheduler::ServiceScheduler(net::Loop& loop, Documents& documents, TaskEngine& engine)
    : state_(std::make_unique<State>(loop, documents, engine)) {
  engine.on_change([state = state_.get()](const json::object& task) { state->note(task); });
}

ServiceScheduler::~ServiceScheduler() {
  state_->engine.on_change(nullptr);
}

void ServiceScheduler::start() {
  if (state_->keeper) return;
  state_->keeper = std::make_unique<net::TaskGroup>(state_->loop);
  state_->keeper->spawn(state_->keep());
}

void ServiceScheduler::wake() {
  state_->awake.set();
}

net::Task<> ServiceScheduler::pause() {
  if (!state_->keeper) co_return;
  state_->keeper->cancel();
  co_await state_->keeper->join();
  state_->keeper.reset();
  state_->backoffs.clear();
}

net::Task<> ServiceScheduler::shut_down() {
  co_await pause();
}

}  // namespace ferry::local
