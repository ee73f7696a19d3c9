#include "feature/run/task_starter.hpp"

#include "aws/answer_reader.hpp"
#include "feature/ending.hpp"
#include "feature/patience.hpp"
#include "feature/run/start_failure.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <optional>
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

Failure given_up(std::string what) {
  Failure failure;
  failure.code = FailureCode::cancelled;
  failure.what = std::move(what);
  return failure;
}

tl::unexpected<NoTask> no_task(Failure failure, std::string unanswered_token) {
  return tl::unexpected(
      NoTask{.failure = std::move(failure), .unanswered_token = std::move(unanswered_token)});
}

}  // namespace

TaskStarter::TaskStarter(aws::Client& client, boost::json::object input,
                         std::span<const std::string> capacity, net::Event& given_up)
    : client_(client), given_up_(given_up), first_token_(aws::text_in(input, "clientToken")) {
  std::vector<boost::json::object> inputs;
  for (const std::string& provider : capacity) inputs.push_back(at_provider(input, provider));
  if (inputs.empty()) inputs.push_back(std::move(input));
  for (boost::json::object& of_place : inputs) {
    auto call = std::make_unique<SharedCall<Instant, StartedTask>>(
        client.loop(), static_cast<std::size_t>(kMostTasksPerRunTask),
        [this, of_place](std::vector<Instant> limits) {
          return start_together(of_place, std::move(limits));
        });
    places_.push_back({.input = std::move(of_place), .call = std::move(call)});
  }
}

net::Task<StartedTask> TaskStarter::start(std::size_t provider, Instant time_limit) {
  return places_.at(provider).call->ask(time_limit);
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

net::Task<std::vector<StartedTask>> TaskStarter::start_together(boost::json::object input,
                                                                std::vector<Instant> limits) {
  const std::size_t count = limits.size();
  const Instant now = net::steady_now();
  const Instant limit = std::ranges::max(limits);
  if (given_up_.is_set() || now >= limit)
    co_return std::vector<StartedTask>(count, no_task(given_up("given up before RunTask"), {}));
  const std::string token = next_token();
  input["count"] = count;
  input["clientToken"] = token;
  unanswered_.push_back(token);
  const std::optional<Result<aws::ecs::DescribedTasks>> answer =
      co_await unless_late(client_.loop(), given_up_, limit, kStartGrace, [&](net::Event& called_off) {
        const Patience patience{.limit = std::min(kStartPatience, limit - now),
                                .given_up = called_off,
                                .may_pass = was_throttled};
        return patiently<aws::ecs::DescribedTasks>(
            patience, [this, input, &called_off] { return aws::ecs::run_task(client_, input, &called_off); });
      });
  if (answer && !*answer && may_have_been_carried_out(answer->error())) {
    const bool is_over = given_up_.is_set() || net::steady_now() >= limit;
    const Failure failure = is_over ? given_up("RunTask has not answered") : answer->error();
    co_return std::vector<StartedTask>(count, no_task(failure, token));
  }
  std::erase(unanswered_, token);
  const bool is_called_off = answer && !*answer && answer->error().code == FailureCode::cancelled;
  if (!answer || is_called_off)
    co_return std::vector<StartedTask>(count, no_task(given_up("given up before RunTask"), {}));
  if (!*answer) co_return std::vector<StartedTask>(count, no_task(with_next_step(answer->error()), {}));
  co_return placed_tasks(**answer, count);
}

std::vector<StartedTask> placed_tasks(aws::ecs::DescribedTasks answer, std::size_t wanted) {
  std::vector<StartedTask> tasks;
  for (aws::ecs::Task& task : answer.tasks) {
    if (tasks.size() < wanted) tasks.emplace_back(std::move(task));
  }
  if (answer.failures.empty()) answer.failures.emplace_back();  // the service gave no reason
  for (std::size_t next = 0; tasks.size() < wanted; ++next) {
    const aws::ecs::ServiceFailure& why = answer.failures[std::min(next, answer.failures.size() - 1)];
    tasks.emplace_back(no_task(placement_failure(why), {}));
  }
  return tasks;
}

}  // namespace ferry::feature
