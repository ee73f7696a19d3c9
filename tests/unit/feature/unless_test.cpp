#include "feature/unless.hpp"

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

// A call that is answered when the test says so.
struct Call {
  explicit Call(net::Loop& loop) : sent(loop), answered(loop) {}

  net::Task<int> make() {
    ++count;
    sent.set();
    co_await answered.wait();
    co_return 7;
  }

  int count = 0;
  net::Event sent, answered;
};

// Asks for the end once the call is sent, and answers it where `is_answered`.
net::Task<> ask(net::Event& asked, Call& call, bool is_answered) {
  co_await call.sent.wait();
  asked.set();
  if (is_answered) call.answered.set();
}

net::Task<std::optional<int>> beside(net::Loop& loop, net::Event& asked, Call& call, bool is_answered,
                                     net::Task<std::optional<int>> waiting) {
  net::TaskGroup group(loop);
  group.spawn(ask(asked, call, is_answered));
  const std::optional<int> value = co_await std::move(waiting);
  co_await group.join();
  co_return value;
}

constexpr milliseconds kNoGrace{1};
constexpr milliseconds kMuchGrace{60'000};

struct Stage {
  net::Loop loop;
  net::Event asked{loop};
  Call call{loop};

  std::optional<int> late(milliseconds grace, bool is_answered) {
    return loop.run(
        beside(loop, asked, call, is_answered, unless_late(loop, asked, Instant::max(), grace, call.make())));
  }
};

TEST(Unless, WhatIsNotAnsweredIsGivenUpAtTheEvent) {
  Stage stage;
  EXPECT_EQ(stage.loop.run(beside(stage.loop, stage.asked, stage.call, false,
                                  unless(stage.loop, stage.asked, stage.call.make()))),
            std::nullopt);
  EXPECT_EQ(stage.call.count, 1);
}

TEST(Unless, NothingBeginsAfterTheEvent) {
  Stage stage;
  stage.asked.set();
  EXPECT_EQ(stage.loop.run(unless(stage.loop, stage.asked, stage.call.make())), std::nullopt);
  EXPECT_EQ(
      stage.loop.run(unless_late(stage.loop, stage.asked, Instant::max(), kMuchGrace, stage.call.make())),
      std::nullopt);
  EXPECT_EQ(stage.call.count, 0);
}

TEST(Unless, NothingThatMayStartSomethingBeginsAfterTheDeadline) {
  Stage stage;
  EXPECT_EQ(
      stage.loop.run(unless_late(stage.loop, stage.asked, net::steady_now(), kMuchGrace, stage.call.make())),
      std::nullopt);
  EXPECT_EQ(stage.call.count, 0);
}

TEST(Unless, AnAnswerInTheTimeOfGraceCounts) {
  Stage stage;
  EXPECT_EQ(stage.late(kMuchGrace, true), 7);
}

TEST(Unless, WithoutAnAnswerItIsGivenUpAfterTheTimeOfGrace) {
  Stage stage;
  EXPECT_EQ(stage.late(kNoGrace, false), std::nullopt);
}

TEST(Unless, TheDeadlineGivesUpTooWithGrace) {
  Stage stage;
  EXPECT_EQ(stage.loop.run(unless_late(stage.loop, stage.asked, net::steady_now() + milliseconds(5), kNoGrace,
                                       stage.call.make())),
            std::nullopt);
  EXPECT_EQ(stage.call.count, 1);
}

}  // namespace
}  // namespace ferry::feature
