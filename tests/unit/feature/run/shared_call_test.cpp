#include "feature/run/shared_call.hpp"

#include "feature/run/task_starter.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

using Doubled = SharedCall<int, int>;

net::Task<> ask(Doubled& call, int question, std::vector<int>& answers) {
  const int answer = co_await call.ask(question);
  answers.push_back(answer);
}

// A call that waits until it is let go, and keeps what each one was asked.
struct Desk {
  explicit Desk(net::Loop& loop)
      : may_answer(loop),
        was_called(loop),
        call(loop, 3, [this](std::vector<int> questions) { return answer(std::move(questions)); }) {}

  net::Task<std::vector<int>> answer(std::vector<int> questions) {
    calls.push_back(questions);
    was_called.set();
    co_await may_answer.wait();
    for (int& question : questions) question *= 2;
    co_return questions;
  }

  net::Event may_answer, was_called;
  std::vector<std::vector<int>> calls;
  Doubled call;
};

net::Task<> ask_during_a_call(net::Loop& loop, Desk& desk, std::vector<int>& answers) {
  net::TaskGroup askers(loop);
  net::TaskGroup servers(loop);
  servers.spawn(desk.call.serve());
  askers.spawn(ask(desk.call, 1, answers));
  co_await desk.was_called.wait();
  for (int question = 2; question <= 6; ++question) askers.spawn(ask(desk.call, question, answers));
  desk.may_answer.set();
  co_await askers.join();
  servers.cancel();
  co_await servers.join();
}

TEST(SharedCall, WhatIsAskedDuringACallLeavesTogetherWithTheNext) {
  net::Loop loop;
  Desk desk(loop);
  std::vector<int> answers;
  loop.run(ask_during_a_call(loop, desk, answers));
  EXPECT_EQ(desk.calls, (std::vector<std::vector<int>>{{1}, {2, 3, 4}, {5, 6}}));
  EXPECT_EQ(answers, (std::vector<int>{2, 4, 6, 8, 10, 12}));
}

net::Task<> give_up_during_a_call(net::Loop& loop, Desk& desk, std::vector<int>& answers) {
  net::TaskGroup askers(loop);
  net::TaskGroup servers(loop);
  servers.spawn(desk.call.serve());
  askers.spawn(ask(desk.call, 1, answers));
  co_await desk.was_called.wait();
  askers.cancel();
  co_await askers.join();
  desk.may_answer.set();
  net::TaskGroup later(loop);
  later.spawn(ask(desk.call, 2, answers));
  co_await later.join();
  servers.cancel();
  co_await servers.join();
}

TEST(SharedCall, WhoGivesUpDoesNotDisturbTheOthers) {
  net::Loop loop;
  Desk desk(loop);
  std::vector<int> answers;
  loop.run(give_up_during_a_call(loop, desk, answers));
  EXPECT_EQ(answers, std::vector<int>{4});
}

aws::ecs::Task task(std::string arn) {
  aws::ecs::Task made;
  made.arn = std::move(arn);
  return made;
}

TEST(PlacedTasks, EachOneThatIsMissingHasAReason) {
  aws::ecs::DescribedTasks answer;
  answer.tasks = {task("a"), task("b")};
  answer.failures = {{.arn = {}, .reason = "RESOURCE:CPU", .detail = {}},
                     {.arn = {}, .reason = "RESOURCE:MEMORY", .detail = {}}};
  const auto tasks = placed_tasks(std::move(answer), 5);
  ASSERT_EQ(tasks.size(), 5U);
  EXPECT_EQ(tasks[1]->arn, "b");
  EXPECT_EQ(tasks[2].error().failure.service_code, "RESOURCE:CPU");
  EXPECT_EQ(tasks[3].error().failure.service_code, "RESOURCE:MEMORY");
  EXPECT_EQ(tasks[4].error().failure.service_code, "RESOURCE:MEMORY");
}

TEST(PlacedTasks, AnEmptyAnswerIsNoSuccess) {
  const auto tasks = placed_tasks({}, 1);
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_FALSE(tasks[0]);
}

}  // namespace
}  // namespace ferry::feature
