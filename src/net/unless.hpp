// Work that is given up when something else comes first. The loop's thread only.
#pragma once

#include "base/time.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

#include <optional>
#include <type_traits>
#include <utility>

namespace ferry::net {

namespace detail {

template <class Work>
struct ValueOfTask;
template <class T>
struct ValueOfTask<Task<T>> {
  using type = T;
};
template <class Work>
using ValueOf = typename ValueOfTask<Work>::type;

template <class T>
Task<> keep_value(Task<T> work, std::optional<T>& value, Event& is_over) {
  value = co_await std::move(work);
  is_over.set();
}

// False in `is_done` where the event came before the value.
template <class T>
Task<> note_done(Event& is_over, const std::optional<T>& value, bool& is_done) {
  co_await is_over.wait();
  is_done = value.has_value();
}

inline Task<> pass_on(Event& from, Event& to) {
  co_await from.wait();
  to.set();
}

inline Task<> pass_time(Loop& loop, Instant deadline, Event& to) {
  co_await sleep_until(loop, deadline);
  to.set();
}

}  // namespace detail

// The value of `work`, or nothing where `event` was set or `deadline` came first: then `work` is cancelled,
// or where the event was set already, not begun.
template <class T>
Task<std::optional<T>> unless(Loop& loop, Event& event, Instant deadline, Task<T> work) {
  if (event.is_set()) co_return std::nullopt;
  bool is_done = false;
  std::optional<T> value;
  Event is_over(loop);
  std::optional<Task<T>> pending(std::move(work));
  const auto race = [&](TaskGroup& group) {
    group.spawn(detail::keep_value(std::move(*pending), value, is_over));
    group.spawn(detail::pass_on(event, is_over));
    if (deadline != Instant::max()) group.spawn(detail::pass_time(loop, deadline, is_over));
    return detail::note_done(is_over, value, is_done);
  };
  co_await with_children(loop, race);
  if (!is_done) value.reset();
  co_return value;
}

template <class T>
Task<std::optional<T>> unless(Loop& loop, Event& event, Task<T> work) {
  return unless(loop, event, Instant::max(), std::move(work));
}

// The same where the work may be a call that starts something: once that is sent, giving it up would leave
// what it starts behind. `make` gets an event that is set with `event` or at the deadline: what is not sent
// by then is not sent any more (aws::Client::call()). What was sent has `grace` after that to be answered,
// but not after `hurry`. Where there is no more time, nothing begins. Work that ends by itself in that time
// has its value.
template <class Make>
auto unless_late(Loop& loop, Event& event, Event& hurry, Instant deadline, milliseconds grace, Make make)
    -> Task<std::optional<detail::ValueOf<std::invoke_result_t<Make&, Event&>>>> {
  using T = detail::ValueOf<std::invoke_result_t<Make&, Event&>>;
  if (event.is_set() || steady_now() >= deadline) co_return std::nullopt;
  std::optional<T> value;
  Event is_over(loop);
  Event called_off(loop);
  Event is_enough(loop);
  const auto wait = [](Event& called_off, Event& enough, milliseconds longest) -> Task<> {
    co_await called_off.wait();
    co_await enough.wait_until(steady_now() + longest);
  };
  const auto race = [&](TaskGroup& group) {
    group.spawn(detail::keep_value(make(called_off), value, is_over));
    group.spawn(detail::pass_on(is_over, called_off));
    group.spawn(detail::pass_on(is_over, is_enough));
    group.spawn(detail::pass_on(event, called_off));
    group.spawn(detail::pass_on(hurry, is_enough));
    if (deadline != Instant::max()) group.spawn(detail::pass_time(loop, deadline, called_off));
    return wait(called_off, is_enough, grace);
  };
  co_await with_children(loop, race);
  co_return value;
}

template <class Make>
auto unless_late(Loop& loop, Event& event, Instant deadline, milliseconds grace, Make make)
    -> Task<std::optional<detail::ValueOf<std::invoke_result_t<Make&, Event&>>>> {
  using T = detail::ValueOf<std::invoke_result_t<Make&, Event&>>;
  Event never(loop);
  std::optional<T> value = co_await unless_late(loop, event, never, deadline, grace, std::move(make));
  co_return value;
}

// The value of `work`, or nothing where it took longer than `limit`: then it is cancelled.
template <class T>
Task<std::optional<T>> within(Loop& loop, milliseconds limit, Task<T> work) {
  Event never(loop);
  std::optional<T> value = co_await unless(loop, never, steady_now() + limit, std::move(work));
  co_return value;
}

}  // namespace ferry::net
