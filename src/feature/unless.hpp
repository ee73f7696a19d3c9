// Work that is given up when something else comes first. The loop's thread only.
#pragma once

#include "base/time.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"

#include <optional>
#include <utility>

namespace ferry::feature {

namespace detail {

template <class T>
net::Task<> keep_value(net::Task<T> work, std::optional<T>& value, net::Event& is_over) {
  value = co_await std::move(work);
  is_over.set();
}

// False in `is_done` where the event came before the value.
template <class T>
net::Task<> note_done(net::Event& is_over, const std::optional<T>& value, bool& is_done) {
  co_await is_over.wait();
  is_done = value.has_value();
}

inline net::Task<> pass_on(net::Event& from, net::Event& to) {
  co_await from.wait();
  to.set();
}

inline net::Task<> pass_time(net::Loop& loop, Instant deadline, net::Event& to) {
  co_await net::sleep_until(loop, deadline);
  to.set();
}

}  // namespace detail

// How long a call that may have been sent is waited for once nobody wants to wait: what it starts can be
// ended where its answer comes in that time.
inline constexpr milliseconds kAnswerGrace{800};

// The value of `work`, or nothing where `event` was set or `deadline` came first: then `work` is cancelled,
// or where the event was set already, not begun.
template <class T>
net::Task<std::optional<T>> unless(net::Loop& loop, net::Event& event, Instant deadline, net::Task<T> work) {
  if (event.is_set()) co_return std::nullopt;
  bool is_done = false;
  std::optional<T> value;
  net::Event is_over(loop);
  std::optional<net::Task<T>> pending(std::move(work));
  const auto race = [&](net::TaskGroup& group) {
    group.spawn(detail::keep_value(std::move(*pending), value, is_over));
    group.spawn(detail::pass_on(event, is_over));
    if (deadline != Instant::max()) group.spawn(detail::pass_time(loop, deadline, is_over));
    return detail::note_done(is_over, value, is_done);
  };
  co_await net::with_children(loop, race);
  if (!is_done) value.reset();
  co_return value;
}

template <class T>
net::Task<std::optional<T>> unless(net::Loop& loop, net::Event& event, net::Task<T> work) {
  return unless(loop, event, Instant::max(), std::move(work));
}

// The same where the work may be a call that has been sent: giving it up at once would leave what it starts
// behind, so it has `grace` after the event or the deadline, but not after `hurry`. Where there is no more
// time, it does not begin. A call that was sent says itself that it was given up: that is a value.
template <class T>
net::Task<std::optional<T>> unless_late(net::Loop& loop, net::Event& event, net::Event& hurry,
                                        Instant deadline, milliseconds grace, net::Task<T> work) {
  if (event.is_set() || net::steady_now() >= deadline) co_return std::nullopt;
  std::optional<T> value;
  net::Event is_over(loop);
  net::Event is_asked(loop);
  net::Event is_enough(loop);
  std::optional<net::Task<T>> pending(std::move(work));
  const auto wait = [](net::Event& asked, net::Event& enough, milliseconds longest) -> net::Task<> {
    co_await asked.wait();
    co_await enough.wait_until(net::steady_now() + longest);
  };
  const auto race = [&](net::TaskGroup& group) {
    group.spawn(detail::keep_value(std::move(*pending), value, is_over));
    group.spawn(detail::pass_on(is_over, is_asked));
    group.spawn(detail::pass_on(is_over, is_enough));
    group.spawn(detail::pass_on(event, is_asked));
    group.spawn(detail::pass_on(hurry, is_enough));
    if (deadline != Instant::max()) group.spawn(detail::pass_time(loop, deadline, is_asked));
    return wait(is_asked, is_enough, grace);
  };
  co_await net::with_children(loop, race);
  co_return value;
}

template <class T>
net::Task<std::optional<T>> unless_late(net::Loop& loop, net::Event& event, Instant deadline,
                                        milliseconds grace, net::Task<T> work) {
  net::Event never(loop);
  std::optional<T> value = co_await unless_late(loop, event, never, deadline, grace, std::move(work));
  co_return value;
}

// The value of `work`, or nothing where it took longer than `limit`: then it is cancelled.
template <class T>
net::Task<std::optional<T>> within(net::Loop& loop, milliseconds limit, net::Task<T> work) {
  net::Event never(loop);
  std::optional<T> value = co_await unless(loop, never, net::steady_now() + limit, std::move(work));
  co_return value;
}

}  // namespace ferry::feature
