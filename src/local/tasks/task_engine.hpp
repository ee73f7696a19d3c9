// The life of tasks: from RunTask's acceptance to STOPPED. Owns the running containers.
#pragma once

#include "local/agent/session_registry.hpp"
#include "local/runtime/container_runtime.hpp"
#include "local/store/documents.hpp"
#include "local/store/log_store.hpp"
#include "net/loop.hpp"

#include <functional>
#include <memory>
#include <string>

#include <boost/json/object.hpp>

namespace ferry::local {

class TaskEngine {
 public:
  TaskEngine(net::Loop& loop, Documents& documents, LogStore& logs, ContainerRuntime& runtime,
             SessionRegistry& sessions);
  ~TaskEngine();

  // Brings a stored task document (desiredStatus RUNNING, lastStatus PROVISIONING) to life; returns at once.
  void launch(const std::string& task_arn);
  // StopTask: desiredStatus STOPPED, SIGTERM, SIGKILL after stopTimeout; returns at once. No effect on a
  // stopped task.
  void stop(const std::string& task_arn, std::string stop_code, std::string reason);
  // Called after every change of a task's document.
  void on_change(std::function<void(const boost::json::object& task)> listener);
  // What a crash left: tasks that the store says run, but whose processes are gone, become STOPPED.
  void recover();
  // Stops every task and waits for them.
  net::Task<> shut_down();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ferry::local
