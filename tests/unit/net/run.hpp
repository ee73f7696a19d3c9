// Runs a test's coroutine on a loop of its own, with a bound on how long it may take, and sees to it that no
// descriptor is left open.
#pragma once

#include "net/clock.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iterator>
#include <utility>

#include <gtest/gtest.h>

namespace ferry::net {

inline Task<> end_test_after(Loop& loop, seconds limit) {
  co_await sleep_for(loop, limit);
  ADD_FAILURE() << "the test did not end in time";
  std::terminate();
}

inline Task<> bounded(Loop& loop, std::function<Task<>(Loop&)> body) {
  TaskGroup guard(loop);
  guard.spawn(end_test_after(loop, seconds{60}));
  co_await body(loop);
  guard.cancel();
  co_await guard.join();
}

inline std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return std::distance(begin(entries), end(entries));
}

// `body` is kept until it has ended: a lambda may capture.
inline void run(std::function<Task<>(Loop&)> body) {
  const std::ptrdiff_t before = open_descriptors();
  {
    Loop loop;
    loop.run(bounded(loop, std::move(body)));
  }
  EXPECT_EQ(open_descriptors(), before) << "descriptors were left open";
}

}  // namespace ferry::net
