// Tasks of one plan in few calls: those who want one at the same time share a RunTask.
// Bounded: 10 tasks a call (the service's limit), a few calls at a time. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/run/shared_call.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::feature {

inline constexpr int kMostTasksPerRunTask = 10;

// How long RunTask, and RegisterTaskDefinition before it, may still answer once the run is given up: a task
// that nobody stops costs money. RunTask takes up to seconds.
inline constexpr milliseconds kStartGrace{3'000};

// Why there is no task.
struct NoTask {
  Failure failure;
  // Of a RunTask that was sent and whose answer did not come: it may have started one. Else empty.
  std::string unanswered_token;
};
using StartedTask = tl::expected<aws::ecs::Task, NoTask>;

class TaskStarter {
 public:
  // `input` is RunTask's without `count`. A clientToken in it is that of the first call. `capacity` are the
  // providers that start() can name; without any the input says where. Once `given_up` is set no call is
  // made.
  TaskStarter(aws::Client& client, boost::json::object input, std::span<const std::string> capacity,
              net::Event& given_up);

  // One accepted task. `provider` is an index into `capacity`, 0 where that is empty. Each call has a client
  // token of its own, so that a lost answer never starts a second task; one that is throttled is made again
  // for a minute. Once it is given up, or the time is over, no call is made, and one that is under way has
  // kStartGrace to answer. Failures: those of the call; `cancelled` where it was given up or the time was
  // over; and where the service took the call but placed no task, `refused` with the service's reason as
  // service_code.
  net::Task<StartedTask> start(std::size_t provider, Instant time_limit);
  // Of the calls that were sent and have no answer, those that were cancelled too.
  [[nodiscard]] const std::vector<std::string>& unanswered() const { return unanswered_; }
  // Makes the calls until the group is cancelled.
  void serve(net::TaskGroup& group);

 private:
  // One place to start tasks in; its questions are the time limits.
  struct Place {
    boost::json::object input;
    std::unique_ptr<SharedCall<Instant, StartedTask>> call;
  };

  net::Task<std::vector<StartedTask>> start_together(boost::json::object input, std::vector<Instant> limits);
  std::string next_token();

  aws::Client& client_;
  net::Event& given_up_;
  std::string first_token_;
  std::vector<std::string> unanswered_;
  std::vector<Place> places_;
};

// What the service said of each of the `wanted` tasks: those that it placed, then why the others are none.
// Pure.
std::vector<StartedTask> placed_tasks(aws::ecs::DescribedTasks answer, std::size_t wanted);

}  // namespace ferry::feature
