// The life of tasks: from RunTask's acceptance to STOPPED. Owns the running containers and the hour for which
// stopped tasks stay visible. Bounded by the tasks that are launched; the loop's thread only.
#pragma once

#include "local/agent/session_registry.hpp"
#include "local/runtime/container_runtime.hpp"
#include "local/store/documents.hpp"
#include "local/store/log_store.hpp"
#include "local/tasks/fates.hpp"
#include "net/loop.hpp"

#include <functional>
#include <memory>
#include <string>

#include <boost/json/object.hpp>

namespace ferry::local {

class TaskEngine {
 public:
  TaskEngine(net::Loop& loop, Documents& documents, LogStore& logs, ContainerRuntime& runtime,
             SessionRegistry& sessions, Fates fates = {});
  // shut_down() first.
  ~TaskEngine();

  // Stores a new task (task_document.hpp) and brings it to life; returns at once. `task_definition` is the
  // document that its taskDefinitionArn names.
  void launch(boost::json::object task, boost::json::object task_definition);
  // StopTask: desiredStatus STOPPED, SIGTERM, SIGKILL after stopTimeout; returns at once. No effect on a
  // stopped task or one that is stopping already.
  void stop(const std::string& task_arn, std::string stop_code, std::string reason);
  // Called with every new task and after every change of a task; must not call the engine back.
  void on_change(std::function<void(const boost::json::object& task)> listener);

  // What a crash left: tasks that the store says run, but whose processes are gone, become STOPPED. Also
  // begins to forget tasks an hour after they stopped. Once, before the first launch.
  void recover();
  // Stops every task and waits for them: SIGTERM, and SIGKILL after at most `grace`, whatever the tasks'
  // stopTimeout: who ends the endpoint does not wait half a minute for a shell without a trap.
  // What is launched meanwhile is stopped at once.
  net::Task<> stop_all(milliseconds grace = milliseconds(2'000));
  // stop_all() for ever.
  net::Task<> shut_down();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ferry::local
