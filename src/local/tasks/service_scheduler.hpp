// Keeps each service's desired count of tasks: replaces what ended, rolls a new deployment in, drains what is
// deleted. Owns no task (the engine does) and no service (the store does), only the back-off of services
// whose tasks fail at once. Bounded by one pass at a time over the stored services; the loop's thread only.
#pragma once

#include "local/store/documents.hpp"
#include "local/tasks/task_engine.hpp"
#include "net/loop.hpp"

#include <memory>

namespace ferry::local {

class ServiceScheduler {
 public:
  // Listens to the engine's changes from now on.
  ServiceScheduler(net::Loop& loop, Documents& documents, TaskEngine& engine);
  // shut_down() first.
  ~ServiceScheduler();

  // Begins to keep the stored services' counts, those of an earlier run too: after TaskEngine::recover().
  void start();
  // Something about a service's document changed: look at it soon.
  void wake();
  // No task is started or stopped any more, so that the engine can be emptied; start() goes on. Forgets every
  // back-off.
  net::Task<> pause();
  net::Task<> shut_down();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ferry::local
