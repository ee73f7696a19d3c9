// Tasks of one plan in few calls: those who want one at the same time share a RunTask.
// Bounded: 10 tasks a call (the service's limit), a few calls at a time. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "aws/ecs.hpp"
#include "base/result.hpp"
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

class TaskStarter {
 public:
  // `input` is RunTask's without `count`. A clientToken in it is that of the first call. `capacity` are the
  // providers that start() can name; without any the input says where. Once `given_up` is set no call is
  // made.
  TaskStarter(aws::Client& client, boost::json::object input, std::span<const std::string> capacity,
              net::Event& given_up);

  // One accepted task. `provider` is an index into `capacity`, 0 where that is empty. Each call has a client
  // token of its own, so that a lost answer never starts a second task; one that is throttled is made again
  // for a minute. Failures: those of the call; `cancelled` where it was given up; and where the service took
  // the call but placed no task, `refused` with the service's reason as service_code.
  net::Task<Result<aws::ecs::Task>> start(std::size_t provider);
  // Makes the calls until the group is cancelled.
  void serve(net::TaskGroup& group);

 private:
  using Answer = Result<aws::ecs::Task>;
  // One place to start tasks in; its questions are all the same.
  struct Place {
    boost::json::object input;
    std::unique_ptr<SharedCall<std::size_t, Answer>> call;
  };

  net::Task<std::vector<Answer>> start_together(boost::json::object input, std::size_t count);
  std::string next_token();

  aws::Client& client_;
  net::Event& given_up_;
  std::string first_token_;
  std::vector<Place> places_;
};

// What the service said of each of the `wanted` tasks: those that it placed, then why the others are none.
// Pure.
std::vector<Result<aws::ecs::Task>> placed_tasks(aws::ecs::DescribedTasks answer, std::size_t wanted);

}  // namespace ferry::feature
