// The coroutine type of everything that waits. Lazy: it starts when awaited or spawned.
//
// Rules that keep coroutines safe (docs/architecture.md): parameters by value, or references to what
// outlives the join; spawned lambdas take parameters instead of capturing; one co_await a statement, as its
// whole right-hand side; everything runs on the one thread that runs the Loop.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace ferry::net {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace ferry::net
