// Waiting that the user may give up: nothing is left behind, so there is nothing to clean up.
#pragma once

#include "feature/unless.hpp"
#include "net/loop.hpp"

#include <csignal>
#include <initializer_list>
#include <optional>
#include <utility>

namespace ferry::cli {

inline constexpr int kExitInterrupted = 130;

namespace detail {

inline net::Task<> tell_interrupt(net::Signals& signals, net::Event& arrived) {
  co_await signals.next();
  arrived.set();
}

}  // namespace detail

// The value of `work`, or nothing where SIGINT, SIGTERM or SIGHUP came first: then it is cancelled.
template <class T>
net::Task<std::optional<T>> unless_interrupted(net::Loop& loop, net::Task<T> work) {
  net::Signals signals(loop, std::initializer_list<int>{SIGINT, SIGTERM, SIGHUP});
  net::Event arrived(loop);
  net::TaskGroup watching(loop);
  watching.spawn(detail::tell_interrupt(signals, arrived));
  std::optional<T> value = co_await feature::unless(loop, arrived, std::move(work));
  watching.cancel();
  co_await watching.join();
  co_return value;
}

}  // namespace ferry::cli
