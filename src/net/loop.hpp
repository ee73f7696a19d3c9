// The event loop: one thread runs it, and everything in net/ belongs to that thread.
// Owns the reactor. Bounded by the work that is spawned on it.
//
// Cancellation is cooperative: it makes the operation of net/ that a coroutine waits in, and each later one,
// throw boost::system::system_error with operation_aborted. TaskGroup::join() is the exception.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/task.hpp"

#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>

namespace ferry::net {

class Loop {
 public:
  // Ignores SIGPIPE in the whole process, where it had its default action, for good: a closed reader is an
  // error of the write. Whoever starts a program must give it SIGPIPE's default action back.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs `main` and whatever it spawned until `main` ends; returns its value, rethrows its exception.
  // What is then still spawned is destroyed with the loop: join it before `main` ends.
  template <class T>
  T run(Task<T> main) {
    std::optional<T> value;
    run_to_end(store(std::move(main), value));
    return std::move(*value);
  }
  void run(Task<> main) { run_to_end(std::move(main)); }

  // What is called with an exception that leaves a child of a TaskGroup, in place of std::terminate() at
  // once: to end the process in another way, since the child's work is not done. Where it returns,
  // std::terminate().
  void on_lost_child(std::function<void(const std::exception_ptr&)> handler);

  struct Reactor;
  [[nodiscard]] Reactor& reactor() { return *reactor_; }

 private:
  template <class T>
  static Task<> store(Task<T> main, std::optional<T>& value) {
    value = co_await std::move(main);
  }
  void run_to_end(Task<> main);

  std::unique_ptr<Reactor> reactor_;
};

// Children that run beside each other and never outlive the group.
//
// spawn() returns before the child's first step. cancel() cancels each child, those not yet started before
// their first step; what is spawned later never runs. The group swallows operation_aborted at a child's end;
// any other exception that leaves a child is our bug and ends the process (Loop::on_lost_child()).
// The destructor requires that all have ended: `co_await group.join()` first, also on the way out of an
// error; with_children() below does that by itself.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void spawn(Task<> child);
  void cancel();
  [[nodiscard]] bool empty() const;
  // Waits for all children, those spawned meanwhile too.
  // Cancellation goes down, not up: a parent that is cancelled before or while it joins cancels the group
  // and still waits for its children; join() itself never throws.
  Task<> join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Runs `body` with a group of its own. However body ends, its children that are left are cancelled and
// joined, and only then does its cancellation go on to the caller. A body that wants its children to end by
// themselves joins them last.
Task<> with_children(Loop& loop, std::function<Task<>(TaskGroup&)> body);

// A flag to wait for. set() wakes every waiter; it stays set until reset(). The loop's thread only.
class Event {
 public:
  explicit Event(Loop& loop);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set();
  void reset();
  [[nodiscard]] bool is_set() const;
  Task<> wait();
  // True when set, false when the deadline came first.
  Task<bool> wait_until(Instant deadline);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Task<> sleep_until(Loop& loop, Instant deadline);
Task<> sleep_for(Loop& loop, milliseconds duration);

// Signals of this process as values: while it lives, the listed signals no longer have their default action.
class Signals {
 public:
  Signals(Loop& loop, std::initializer_list<int> numbers);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next one that arrives; one that arrived before the call counts.
  Task<int> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ferry::net
