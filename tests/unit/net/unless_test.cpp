#include "net/unless.hpp"

#include <gtest/gtest.h>

namespace ferry::net {
namespace {

// A call that is answered when the test says so.
struct Call {
  explicit Call(Loop& loop) : sent(loop), answered(loop) {}

  Task<int> make() {
    ++count;
    sent.set();
    co_await answered.wait();
    co_return 7;
  }

  int count = 0;
  Event sent, answered;
};

// Asks for the end once the call is sent, and answers it where `is_answered`.
Task<> ask(Event& asked, Call& call, bool is_answered) {
  co_await call.sent.wait();
  asked.set();
  if (is_answered) call.answered.set();
}

Task<std::optional<int>> beside(Loop& loop, Event& asked, Call& call, bool is_answered,
                                Task<std::optional<int>> waiting) {
  TaskGroup group(loop);
  group.spawn(ask(asked, call, is_answered));
  const std::optional<int> value = co_await std::move(waiting);
  co_await group.join();
  co_return value;
}

constexpr milliseconds kNoGrace{1};
constexpr milliseconds kMuchGrace{60'000};

struct Stage {
  Loop loop;
  Event asked{loop};
  Call call{loop};

  std::optional<int> late(milliseconds grace, bool is_answered) {
    return loop.run(beside(loop, asked, call, is_answered, waiting(Instant::max(), grace)));
  }
  Task<std::optional<int>> waiting(Instant deadline, milliseconds grace) {
    return unless_late(loop, asked, deadline, grace, [this](Event&) { return call.make(); });
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
  EXPECT_EQ(stage.loop.run(stage.waiting(Instant::max(), kMuchGrace)), std::nullopt);
  EXPECT_EQ(stage.call.count, 0);
}

TEST(Unless, NothingThatMayStartSomethingBeginsAfterTheDeadline) {
  Stage stage;
  EXPECT_EQ(stage.loop.run(stage.waiting(steady_now(), kMuchGrace)), std::nullopt);
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
  EXPECT_EQ(stage.loop.run(stage.waiting(steady_now() + milliseconds(5), kNoGrace)), std::nullopt);
  EXPECT_EQ(stage.call.count, 1);
}

// A call that is about to be made again when it is called off.
Task<int> between_two_attempts(Event& is_between, Event& called_off) {
  is_between.set();
  co_await called_off.wait();
  co_return 3;
}

TEST(Unless, WorkHearsThatItIsCalledOffAndHasTheTimeOfGraceToSaySo) {
  Stage stage;
  const auto make = [&](Event& called_off) { return between_two_attempts(stage.call.sent, called_off); };
  EXPECT_EQ(stage.loop.run(beside(stage.loop, stage.asked, stage.call, false,
                                  unless_late(stage.loop, stage.asked, Instant::max(), kMuchGrace, make))),
            3);
  EXPECT_EQ(stage.loop.run(unless_late(stage.loop, stage.call.answered, steady_now() + milliseconds(5),
                                       kMuchGrace, make)),
            3);
}

}  // namespace
}  // namespace ferry::net
