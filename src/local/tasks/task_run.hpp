// One task from PENDING to STOPPED: starts its containers in the order of their dependencies, keeps their
// output, ends them together. Owns the containers; bounded by stopTimeout once it is to stop, and by
// kDrainTime for output that somebody holds open after its container has ended.
#pragma once

#include "base/time.hpp"
#include "local/agent/session_registry.hpp"
#include "local/runtime/container_runtime.hpp"
#include "local/tasks/container_plan.hpp"
#include "local/tasks/fates.hpp"
#include "local/tasks/line_splitter.hpp"
#include "local/tasks/log_intake.hpp"
#include "net/loop.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::local {

inline constexpr milliseconds kDrainTime{5'000};

class TaskRun {
 public:
  struct Surroundings {
    net::Loop& loop;
    LogIntake& intake;
    ContainerRuntime& runtime;
    SessionRegistry& sessions;
    std::function<void(boost::json::object& task)> save;  // after each change
    const Fates& fates;
  };

  TaskRun(Surroundings& around, boost::json::object task, boost::json::object task_definition);

  // Until it is STOPPED and said so. Once.
  net::Task<> live();
  // SIGTERM for what runs, SIGKILL after stopTimeout. The first reason stands.
  void stop(std::string_view stop_code, std::string_view reason);
  // SIGKILL for what runs still or later; after stop().
  void kill();

 private:
  enum class Phase { waiting, released, running, exited, never_started };

  struct ContainerRun {
    ContainerRun(net::Loop& loop, ContainerPlan container_plan);
    ContainerPlan plan;
    Phase phase = Phase::waiting;
    std::unique_ptr<Container> process;
    std::optional<int> exit_code;
    LineSplitter output, error;
    std::size_t open_streams = 0;
    net::Event decided;  // released, or never to be
    net::Event settled;  // running, or never to be
    net::Event exited;   // no process (any more)
    net::Event drained;  // open_streams is 0
  };

  Result<> prepare();
  net::Task<> run_containers();
  // Waits for the task's fate, and stops it; nothing where it has none or was stopped before.
  net::Task<> fail_to_attach_network();
  net::Task<> fail_to_pull();
  net::Task<> meet_fate();
  void release_ready();
  [[nodiscard]] ContainerRun* find(const std::string& name);

  net::Task<> run_container(ContainerRun& run);
  net::Task<> watch(ContainerRun& run);
  // To its RUNNING or STOPPED, at the time that its fate wants.
  net::Task<> lead_agent(ContainerRun& run);
  net::Task<> keep_output(ContainerRun& run, int fd, LineSplitter& lines);
  net::Task<> end_on_stop(ContainerRun& run);
  void running(ContainerRun& run);
  void never_started(ContainerRun& run, std::string_view reason);
  void settled(ContainerRun& run);
  [[nodiscard]] std::string unmet_dependency_of(const ContainerRun& run);
  void show_end(const ContainerRun& run, int exit_code);
  void ended(ContainerRun& run, int exit_code);
  void keep_lines(const ContainerRun& run, std::vector<std::string> lines);
  void save() { around_.save(task_); }

  Surroundings& around_;
  boost::json::object task_;
  boost::json::object definition_;
  std::vector<std::unique_ptr<ContainerRun>> runs_;
  TaskFate fate_;
  bool is_stopping_ = false;
  bool is_killed_ = false;
  net::Event stop_;
};

}  // namespace ferry::local
