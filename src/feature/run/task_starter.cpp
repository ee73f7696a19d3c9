#include "feature/run/task_starter.hpp"

#include "aws/answer_reader.hpp"
#include "feature/patience.hpp"
#include "feature/run/start_failure.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>

namespace ferry::feature {
namespace {

// A RunTask takes up to seconds: a thousand tasks are a hundred of them.
constexpr int kMostCallsAtATime = 4;
// For calls that are throttled: they have started nothing, and their token is the same each time.
constexpr milliseconds kStartPatience = seconds(60);

boost::json::object at_provider(boost::json::object input, const std::string& provider) {
  input.erase("launchType");
  input["capacityProviderStrategy"] =
      boost::json::array{boost::json::object{{"capacityProvider", provider}, {"weight", 1}}};
  return input;
}

}  // namespace

TaskStarter::TaskStarter(aws::Client& client, boost::json::object input,
                         std::span<const std::string> capacity, net::Event& given_up)
    : client_(client), given_up_(given_up), first_token_(aws::text_in(input, "clientToken")) {
  std::vector<boost::json::object> inputs;
  for (const std::string& provider : capacity) inputs.push_back(at_provider(input, provider));
  if (inputs.empty()) inputs.push_back(std::move(input));
  for (boost::json::object& of_place : inputs) {
    auto call = std::make_unique<SharedCall<std::size_t, Answer>>(
        client.loop(), static_cast<std::size_t>(kMostTasksPerRunTask),
        [this, of_place](const std::vector<std::size_t>& wanted) {
          return start_together(of_place, wanted.size());
        });
    places_.push_back({.input = std::move(of_place), .call = std::move(call)});
  }
}

net::Task<Result<aws::ecs::Task>> TaskStarter::start(std::size_t provider) {
  return places_.at(provider).call->ask(provider);
}

void TaskStarter::serve(net::TaskGroup& group) {
  for (const Place& place : places_) {
    for (int count = 0; count < kMostCallsAtATime; ++count) group.spawn(place.call->serve());
  }
}

std::string TaskStarter::next_token() {
  std::string token = std::exchange(first_token_, {});
  return token.empty() ? sys::random_uuid() : token;
}

net::Task<std::vector<TaskStarter::Answer>> TaskStarter::start_together(boost::json::object input,
                                                                        std::size_t count) {
  if (given_up_.is_set()) {
    co_return std::vector<Answer>(count, fail(FailureCode::cancelled, "given up before RunTask"));
  }
  input["count"] = count;
  input["clientToken"] = next_token();
  const Patience patience{.limit = kStartPatience, .given_up = given_up_, .may_pass = was_throttled};
  Result<aws::ecs::DescribedTasks> answer = co_await patiently<aws::ecs::DescribedTasks>(
      patience, [this, input] { return aws::ecs::run_task(client_, input); });
  if (!answer) co_return std::vector<Answer>(count, fail(with_next_step(answer.error())));
  co_return placed_tasks(std::move(*answer), count);
}

std::vector<Result<aws::ecs::Task>> placed_tasks(aws::ecs::DescribedTasks answer, std::size_t wanted) {
  std::vector<Result<aws::ecs::Task>> tasks;
  for (aws::ecs::Task& task : answer.tasks) {
    if (tasks.size() < wanted) tasks.emplace_back(std::move(task));
  }
  if (answer.failures.empty()) answer.failures.emplace_back();  // the service gave no reason
  for (std::size_t next = 0; tasks.size() < wanted; ++next) {
    const aws::ecs::ServiceFailure& why = answer.failures[std::min(next, answer.failures.size() - 1)];
    tasks.emplace_back(fail(placement_failure(why)));
  }
  return tasks;
}

}  // namespace ferry::feature
