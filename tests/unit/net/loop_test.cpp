#include "net/loop.hpp"

#include "run.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/system/system_error.hpp>

namespace ferry::net {
namespace {

Task<int> forty_two(Loop& loop) {
  co_await sleep_for(loop, milliseconds{1});
  co_return 42;
}

Task<> throwing() {
  throw std::runtime_error("seen by the caller");
  co_return;
}

TEST(LoopTest, ReturnsTheValueAndRethrowsTheExceptionOfMain) {
  Loop loop;
  EXPECT_EQ(loop.run(forty_two(loop)), 42);
  EXPECT_THROW(loop.run(throwing()), std::runtime_error);
  EXPECT_EQ(loop.run(forty_two(loop)), 42);
}

TEST(LoopTest, SleepsNoShorterThanAsked) {
  run([](Loop& loop) -> Task<> {
    const Instant start = steady_now();
    co_await sleep_for(loop, milliseconds{20});
    EXPECT_GE(steady_now() - start, milliseconds{20});
    co_await sleep_until(loop, Instant::min());
  });
}

TEST(LoopTest, WhatIsStillSpawnedGoesWithTheLoop) {
  auto resource = std::make_shared<int>(1);
  {
    Loop loop;
    auto group = std::make_unique<TaskGroup>(loop);
    Event never(loop);
    loop.run([](Loop& loop, TaskGroup& group, Event& never, std::shared_ptr<int> held) -> Task<> {
      group.spawn([](Event& event, std::shared_ptr<int>) -> Task<> { co_await event.wait(); }(never, held));
      co_await sleep_for(loop, milliseconds{1});
    }(loop, *group, never, resource));
    EXPECT_EQ(resource.use_count(), 2);
    group->cancel();
    loop.run([](TaskGroup& group) -> Task<> { co_await group.join(); }(*group));
    EXPECT_EQ(resource.use_count(), 1);
  }
}

// Notes what became of it: "done", or "cancelled" where its wait threw.
Task<> note_end(Task<> wait, std::vector<std::string>& ends) {
  try {
    co_await std::move(wait);
    ends.emplace_back("done");
  } catch (const boost::system::system_error&) {
    ends.emplace_back("cancelled");
    throw;
  }
}

Task<> yield(Loop& loop) {
  co_await sleep_for(loop, milliseconds{0});
}

TEST(TaskGroupTest, SpawnReturnsBeforeTheChildsFirstStep) {
  run([](Loop& loop) -> Task<> {
    TaskGroup group(loop);
    std::vector<std::string> ends;
    group.spawn(note_end(yield(loop), ends));
    EXPECT_TRUE(ends.empty());
    EXPECT_FALSE(group.empty());
    co_await group.join();
    EXPECT_EQ(ends, std::vector<std::string>{"done"});
    EXPECT_TRUE(group.empty());
  });
}

TEST(TaskGroupTest, CancelEndsWaitsOfEveryKind) {
  run([](Loop& loop) -> Task<> {
    TaskGroup group(loop);
    Event never(loop);
    Signals signals(loop, {SIGUSR2});
    std::vector<std::string> ends;
    group.spawn(note_end(never.wait(), ends));
    group.spawn(note_end(sleep_for(loop, seconds{3600}), ends));
    group.spawn(
        note_end([](Event& event) -> Task<> { co_await event.wait_until(Instant::max()); }(never), ends));
    group.spawn(note_end([](Signals& from) -> Task<> { co_await from.next(); }(signals), ends));
    co_await yield(loop);
    co_await yield(loop);
    group.cancel();
    co_await group.join();
    EXPECT_EQ(ends, std::vector<std::string>(4, "cancelled"));
  });
}

TEST(TaskGroupTest, ACancelledChildCannotWaitAgain) {
  run([](Loop& loop) -> Task<> {
    TaskGroup group(loop);
    std::vector<std::string> ends;
    group.spawn([](Loop& loop, std::vector<std::string>& ends) -> Task<> {
      try {
        co_await sleep_for(loop, seconds{3600});
      } catch (const boost::system::system_error&) {
        ends.emplace_back("first");
      }
      co_await sleep_for(loop, milliseconds{1});
      ends.emplace_back("second");
    }(loop, ends));
    co_await sleep_for(loop, milliseconds{2});
    group.cancel();
    co_await group.join();
    EXPECT_EQ(ends, std::vector<std::string>{"first"});
  });
}

TEST(TaskGroupTest, WhatIsCancelledBeforeItsFirstStepNeverRuns) {
  run([](Loop& loop) -> Task<> {
    TaskGroup group(loop);
    std::vector<std::string> ends;
    group.spawn(note_end(yield(loop), ends));
    group.cancel();
    group.spawn(note_end(yield(loop), ends));
    co_await group.join();
    EXPECT_TRUE(ends.empty());
  });
}

TEST(TaskGroupTest, AChildMayCancelItsOwnGroup) {
  run([](Loop& loop) -> Task<> {
    TaskGroup group(loop);
    std::vector<std::string> ends;
    group.spawn(note_end(sleep_for(loop, seconds{3600}), ends));
    group.spawn([](TaskGroup& group) -> Task<> {
      group.cancel();
      co_return;
    }(group));
    group.spawn(note_end(
        [](Loop& loop, TaskGroup& group) -> Task<> {
          co_await yield(loop);
          group.cancel();
          co_await yield(loop);
        }(loop, group),
        ends));
    co_await group.join();
    EXPECT_EQ(ends.size(), 1U);  // the third was cancelled before its first step
  });
}

TEST(TaskGroupTest, JoinWaitsForChildrenThatChildrenSpawn) {
  run([](Loop& loop) -> Task<> {
    struct Tree {
      static Task<> grow(Loop& loop, TaskGroup& group, int depth, int& count) {
        co_await yield(loop);
        ++count;
        if (depth == 0) co_return;
        group.spawn(grow(loop, group, depth - 1, count));
        group.spawn(grow(loop, group, depth - 1, count));
      }
    };
    TaskGroup group(loop);
    int count = 0;
    group.spawn(Tree::grow(loop, group, 5, count));
    co_await group.join();
    EXPECT_EQ(count, 63);
  });
}

TEST(TaskGroupTest, SeveralMayJoin) {
  run([](Loop& loop) -> Task<> {
    TaskGroup children(loop);
    TaskGroup joiners(loop);
    Event go(loop);
    std::vector<std::string> ends;
    children.spawn(go.wait());
    joiners.spawn(note_end(children.join(), ends));
    joiners.spawn(note_end(children.join(), ends));
    co_await sleep_for(loop, milliseconds{2});
    EXPECT_TRUE(ends.empty());
    go.set();
    co_await joiners.join();
    co_await children.join();
    EXPECT_EQ(ends, std::vector<std::string>(2, "done"));
  });
}

Task<> nested(Loop& loop, int depth, std::vector<std::string>& ends) {
  if (depth == 0) {
    co_await note_end(sleep_for(loop, seconds{3600}), ends);
    co_return;
  }
  TaskGroup group(loop);
  group.spawn(nested(loop, depth - 1, ends));
  group.spawn(nested(loop, depth - 1, ends));
  co_await group.join();
  ends.emplace_back("joined");
}

TEST(TaskGroupTest, CancellationGoesDownThroughJoinsAndComesBackJoined) {
  run([](Loop& loop) -> Task<> {
    TaskGroup group(loop);
    std::vector<std::string> ends;
    group.spawn(nested(loop, 3, ends));
    co_await sleep_for(loop, milliseconds{5});
    group.cancel();
    co_await group.join();
    EXPECT_EQ(std::ranges::count(ends, "cancelled"), 8);
    EXPECT_EQ(std::ranges::count(ends, "joined"), 7);
    EXPECT_EQ(ends.back(), "joined");
  });
}

TEST(TaskGroupTest, ACancelledParentCanStillJoin) {
  run([](Loop& loop) -> Task<> {
    TaskGroup outer(loop);
    std::vector<std::string> ends;
    outer.spawn([](Loop& loop, std::vector<std::string>& ends) -> Task<> {
      TaskGroup inner(loop);
      inner.spawn(note_end(sleep_for(loop, seconds{3600}), ends));
      try {
        co_await sleep_for(loop, seconds{3600});
      } catch (const boost::system::system_error&) {
        ends.emplace_back("caught");
      }
      co_await inner.join();
      ends.emplace_back("joined");
    }(loop, ends));
    co_await sleep_for(loop, milliseconds{2});
    outer.cancel();
    co_await outer.join();
    EXPECT_EQ(ends, (std::vector<std::string>{"caught", "cancelled", "joined"}));
  });
}

TEST(TaskGroupTest, WithChildrenJoinsThemHoweverItsBodyEnds) {
  run([](Loop& loop) -> Task<> {
    std::vector<std::string> ends;
    const auto body = [&ends, &loop](TaskGroup& group) -> Task<> {
      group.spawn(note_end(sleep_for(loop, seconds{3600}), ends));
      co_await sleep_for(loop, milliseconds{2});
    };
    co_await with_children(loop, body);
    EXPECT_EQ(ends, std::vector<std::string>{"cancelled"});

    TaskGroup outer(loop);
    outer.spawn(note_end(with_children(loop,
                                       [&ends, &loop](TaskGroup& group) -> Task<> {
                                         group.spawn(note_end(sleep_for(loop, seconds{3600}), ends));
                                         co_await sleep_for(loop, seconds{3600});
                                       }),
                         ends));
    co_await sleep_for(loop, milliseconds{2});
    outer.cancel();
    co_await outer.join();
    EXPECT_EQ(ends, (std::vector<std::string>{"cancelled", "cancelled", "cancelled"}));
  });
}

TEST(TaskGroupDeathTest, AnExceptionThatLeavesAChildEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(run([](Loop& loop) -> Task<> {
                 TaskGroup group(loop);
                 group.spawn(throwing());
                 co_await group.join();
               }),
               "seen by the caller");
}

TEST(EventTest, WakesEveryWaiterEvenWhenResetAtOnce) {
  run([](Loop& loop) -> Task<> {
    TaskGroup group(loop);
    Event event(loop);
    std::vector<std::string> ends;
    for (int i = 0; i < 5; ++i) group.spawn(note_end(event.wait(), ends));
    co_await sleep_for(loop, milliseconds{2});
    event.set();
    event.reset();
    EXPECT_TRUE(ends.empty()) << "the waker was interrupted";
    co_await group.join();
    EXPECT_EQ(ends, std::vector<std::string>(5, "done"));
    EXPECT_FALSE(event.is_set());
  });
}

TEST(EventTest, StaysSetAndKeepsDeadlines) {
  run([](Loop& loop) -> Task<> {
    Event event(loop);
    const bool too_early = co_await event.wait_until(steady_now() + milliseconds{5});
    EXPECT_FALSE(too_early);
    event.set();
    const bool set = co_await event.wait_until(steady_now() + seconds{3600});
    EXPECT_TRUE(set);
    co_await event.wait();
    event.reset();
    const bool past = co_await event.wait_until(Instant::min());
    EXPECT_FALSE(past);
  });
}

TEST(SignalsTest, CountsWhatArrivedBeforeTheCall) {
  run([](Loop& loop) -> Task<> {
    Signals signals(loop, {SIGUSR1, SIGUSR2});
    EXPECT_EQ(std::raise(SIGUSR1), 0);
    co_await sleep_for(loop, milliseconds{2});
    const int first = co_await signals.next();
    EXPECT_EQ(first, SIGUSR1);
    EXPECT_EQ(std::raise(SIGUSR2), 0);
    const int second = co_await signals.next();
    EXPECT_EQ(second, SIGUSR2);
  });
}

}  // namespace
}  // namespace ferry::net
