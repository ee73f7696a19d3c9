#include "local/tasks/task_run.hpp"

#include "local/api/input.hpp"
#include "local/tasks/task_document.hpp"
#include "net/clock.hpp"
#include "net/descriptor.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::size_t kReadBytes = 16U << 10U;

// The services' own words.
constexpr std::string_view kNetworkTimeout =
    "Timeout waiting for network interface provisioning to complete.";
constexpr std::string_view kOutOfMemory = "OutOfMemoryError: Container killed due to memory usage";
constexpr std::string_view kNoExitCode =
    "DockerTimeoutError: Could not transition to stopped; timed out after waiting 30s";

std::string pull_failure_of(std::string_view image) {
  return fmt::format(
      "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {}: "
      "pull access denied, repository does not exist or may require authorization: server message: "
      "insufficient_scope: authorization failed",
      image);
}

}  // namespace

TaskRun::ContainerRun::ContainerRun(net::Loop& loop, ContainerPlan container_plan)
    : plan(std::move(container_plan)), decided(loop), settled(loop), exited(loop), drained(loop) {}

TaskRun::TaskRun(Surroundings& around, boost::json::object task, boost::json::object task_definition)
    : around_(around), task_(std::move(task)), definition_(std::move(task_definition)), stop_(around.loop) {}

net::Task<> TaskRun::live() {
  fate_ = around_.fates.task(find_text(task_, "capacityProviderName").value_or(text_of(task_, "launchType")));
  if (fate_.kind == TaskFate::Kind::network_timeout) co_await fail_to_attach_network();
  if (!is_stopping_) {
    auto prepared = prepare();
    if (!prepared) stop("TaskFailedToStart", prepared.error().what);
  }
  if (fate_.kind == TaskFate::Kind::pull_failure && !is_stopping_) co_await fail_to_pull();
  co_await run_containers();
  task_deprovisioning(task_);
  save();
  task_stopped(task_, net::wall_now());
  save();
}

net::Task<> TaskRun::run_containers() {
  net::TaskGroup containers(around_.loop);
  net::TaskGroup fate(around_.loop);
  for (const auto& run : runs_) {
    containers.spawn(run_container(*run));
    containers.spawn(end_on_stop(*run));
  }
  release_ready();
  fate.spawn(meet_fate());
  co_await containers.join();
  fate.cancel();
  co_await fate.join();
}

net::Task<> TaskRun::fail_to_attach_network() {
  const Instant deadline = net::steady_now() + fate_.delay;
  const bool is_stopped = co_await stop_.wait_until(deadline);
  if (!is_stopped) stop("TaskFailedToStart", kNetworkTimeout);
}

net::Task<> TaskRun::fail_to_pull() {
  const Instant deadline = net::steady_now() + fate_.delay;
  task_.erase("pullStoppedAt");
  save();
  const bool is_stopped = co_await stop_.wait_until(deadline);
  if (is_stopped) co_return;
  json::object& container = task_["containers"].as_array().front().as_object();
  const std::string reason = pull_failure_of(text_of(container, "image"));
  container["reason"] = reason;
  stop("TaskFailedToStart", reason);
}

net::Task<> TaskRun::meet_fate() {
  const bool kills = fate_.kind == TaskFate::Kind::out_of_memory;
  if (!kills && fate_.kind != TaskFate::Kind::spot_interruption) co_return;
  for (const auto& run : runs_) co_await run->settled.wait();
  co_await net::sleep_for(around_.loop, fate_.delay);
  if (!kills) {
    stop("SpotInterruption", "Your Spot Task was interrupted.");
    co_return;
  }
  for (const auto& run : runs_) {
    if (!run->plan.essential || run->process == nullptr || run->exited.is_set()) continue;
    container_of(task_, run->plan.name)["reason"] = kOutOfMemory;
    run->process->signal(SIGKILL);
  }
}

Result<> TaskRun::prepare() {
  provision(task_, net::wall_now());
  save();
  auto plans = plan_containers(task_, definition_);
  if (!plans) return fail(plans.error());
  for (ContainerPlan& plan : *plans) {
    if (plan.log) {
      auto opened = around_.intake.open(*plan.log);
      if (!opened) return opened;
    }
    runs_.push_back(std::make_unique<ContainerRun>(around_.loop, std::move(plan)));
  }
  return {};
}

TaskRun::ContainerRun* TaskRun::find(const std::string& name) {
  const auto found = std::ranges::find_if(runs_, [&name](const auto& run) { return run->plan.name == name; });
  return found == runs_.end() ? nullptr : found->get();
}

// Lets the waiting containers go whose dependencies are met, and gives up on those whose never will be.
void TaskRun::release_ready() {
  for (const auto& run : runs_) {
    if (run->phase != Phase::waiting) continue;
    bool is_ready = true;
    bool is_hopeless = is_stopping_;
    for (const Dependency& dependency : run->plan.depends_on) {
      const ContainerRun& other = *find(dependency.container);
      const bool is_over = other.phase == Phase::exited;
      const bool has_failed = other.exit_code.value_or(0) != 0;
      is_hopeless |= other.phase == Phase::never_started;
      switch (dependency.condition) {
        case Dependency::Condition::start:
          is_ready &= is_over || other.phase == Phase::running;
          break;
        case Dependency::Condition::complete:
          is_ready &= is_over;
          break;
        case Dependency::Condition::success:
          is_ready &= is_over && !has_failed;
          is_hopeless |= is_over && has_failed;
          break;
      }
    }
    if (!is_ready && !is_hopeless) continue;
    run->phase = is_hopeless ? Phase::never_started : Phase::released;
    run->decided.set();
  }
}

// Of one that is never to start: which container keeps it from that.
std::string TaskRun::unmet_dependency_of(const ContainerRun& run) {
  for (const Dependency& dependency : run.plan.depends_on) {
    const ContainerRun& other = *find(dependency.container);
    if (other.phase == Phase::never_started)
      return fmt::format("container '{}', on which it depends, was not started", dependency.container);
    if (other.phase == Phase::exited && other.exit_code.value_or(0) != 0 &&
        dependency.condition == Dependency::Condition::success) {
      return fmt::format("container '{}', on whose success it depends, exited with {}", dependency.container,
                         *other.exit_code);
    }
  }
  return {};
}

net::Task<> TaskRun::run_container(ContainerRun& run) {
  co_await run.decided.wait();
  if (run.phase == Phase::never_started || is_stopping_) {
    never_started(run, is_stopping_ ? std::string() : unmet_dependency_of(run));
    co_return;
  }
  auto started = co_await around_.runtime.start(run.plan.spec);
  if (!started) {
    never_started(run, started.error().what);
    co_return;
  }
  run.process = std::move(*started);
  running(run);
  co_await watch(run);
}

net::Task<> TaskRun::watch(ContainerRun& run) {
  const bool is_enterable = flag_of(task_, "enableExecuteCommand");
  net::TaskGroup agent(around_.loop);
  if (is_enterable) agent.spawn(lead_agent(run));
  const StandardStreams streams = run.process->take_streams();
  net::TaskGroup readers(around_.loop);
  run.open_streams = 2;
  readers.spawn(keep_output(run, streams.output.get(), run.output));
  readers.spawn(keep_output(run, streams.error.get(), run.error));

  const ExitStatus status = co_await run.process->wait();
  run.exited.set();
  show_end(run, status.code);
  agent.cancel();
  co_await agent.join();
  if (is_enterable) co_await around_.sessions.container_ended(run.plan.spec.runtime_id);
  const Instant deadline = net::steady_now() + kDrainTime;
  const bool is_drained = co_await run.drained.wait_until(deadline);
  if (!is_drained) readers.cancel();
  co_await readers.join();
  keep_lines(run, run.output.finish());
  keep_lines(run, run.error.finish());
  if (run.plan.log) around_.intake.finish(*run.plan.log);
  ended(run, status.code);
}

net::Task<> TaskRun::lead_agent(ContainerRun& run) {
  const AgentFate fate = around_.fates.agent();
  if (!fate.delay) co_return;
  if (*fate.delay > milliseconds(0)) co_await net::sleep_for(around_.loop, *fate.delay);
  if (fate.is_stopped) {
    exec_agent_stopped(task_, run.plan.name, "stopped by a fault rule");
  } else {
    around_.sessions.container_started(run.plan.spec.runtime_id, *run.process);
    exec_agent_started(task_, run.plan.name, net::wall_now());
  }
  save();
}

net::Task<> TaskRun::keep_output(ContainerRun& run, int fd, LineSplitter& lines) {
  net::Descriptor source(around_.loop, fd);
  while (true) {
    auto bytes = co_await source.read_some(kReadBytes);
    if (!bytes) {
      container_of(task_, run.plan.name)["reason"] = bytes.error().in("cannot read its output").line();
      break;
    }
    if (bytes->empty()) break;
    keep_lines(run, lines.feed(as_text(*bytes)));
  }
  --run.open_streams;
  if (run.open_streams == 0) run.drained.set();
}

void TaskRun::keep_lines(const ContainerRun& run, std::vector<std::string> lines) {
  if (!run.plan.log || lines.empty()) return;
  around_.intake.put(*run.plan.log, std::move(lines));
}

// Those that depend on a container end before it does.
net::Task<> TaskRun::end_on_stop(ContainerRun& run) {
  co_await stop_.wait();
  co_await run.settled.wait();
  for (const auto& other : runs_) {
    const auto depends = [&run](const Dependency& one) { return one.container == run.plan.name; };
    if (std::ranges::any_of(other->plan.depends_on, depends)) co_await other->exited.wait();
  }
  if (run.exited.is_set()) co_return;
  run.process->signal(is_killed_ ? SIGKILL : SIGTERM);
  const Instant deadline = net::steady_now() + run.plan.stop_timeout;
  const bool has_ended = co_await run.exited.wait_until(deadline);
  if (!has_ended) run.process->signal(SIGKILL);
}

void TaskRun::running(ContainerRun& run) {
  run.phase = Phase::running;
  container_started(task_, run.plan.name);
  settled(run);
}

void TaskRun::never_started(ContainerRun& run, std::string_view reason) {
  run.phase = Phase::never_started;
  container_stopped(task_, run.plan.name);
  if (!reason.empty()) container_of(task_, run.plan.name)["reason"] = reason;
  run.exited.set();
  if (run.plan.essential) stop("TaskFailedToStart", reason);
  settled(run);
}

void TaskRun::settled(ContainerRun& run) {
  const auto is_undecided = [](const auto& one) {
    return one->phase == Phase::waiting || one->phase == Phase::released;
  };
  if (!is_stopping_ && std::ranges::none_of(runs_, is_undecided)) task_running(task_, net::wall_now());
  save();
  run.settled.set();
  release_ready();
}

// Before the others are told to stop, so that whoever looks sees them in the order in which they ended.
void TaskRun::show_end(const ContainerRun& run, int exit_code) {
  container_stopped(task_, run.plan.name);
  json::object& container = container_of(task_, run.plan.name);
  if (fate_.kind == TaskFate::Kind::no_exit_code) {
    container["reason"] = kNoExitCode;
  } else {
    container["exitCode"] = exit_code;
  }
  if (run.plan.essential) execution_stopped(task_, net::wall_now());
  // One save for both: whoever kills the endpoint between two leaves no end without its code, nor a code
  // whose end had another cause.
  if (run.plan.essential && !is_stopping_) {
    stop("EssentialContainerExited", "Essential container in task exited");
  } else {
    save();
  }
}

void TaskRun::ended(ContainerRun& run, int exit_code) {
  run.phase = Phase::exited;
  run.exit_code = exit_code;
  run.process.reset();
  save();
  release_ready();
}

void TaskRun::stop(std::string_view stop_code, std::string_view reason) {
  if (is_stopping_) return;
  is_stopping_ = true;
  task_stopping(task_, stop_code, reason, net::wall_now());
  save();
  stop_.set();
  release_ready();
}

void TaskRun::kill() {
  is_killed_ = true;
  for (const auto& run : runs_) {
    if (run->process != nullptr && !run->exited.is_set()) run->process->signal(SIGKILL);
  }
}

}  // namespace ferry::local
