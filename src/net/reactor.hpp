// What the files of net/ share and nobody else sees: the io_context and the rule of cancellation.
//
// Asio's own throw_if_cancelled is off in spawned coroutines: it would also throw from `co_await
// group.join()` on the way out, and it loses the end of a coroutine that is cancelled at its last step.
// Instead, each operation of net/ calls throw_if_cancelled() before and after it waits.
#pragma once

#include "net/loop.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace ferry::net {

namespace asio = boost::asio;
using boost::system::error_code;

struct Loop::Reactor {
  asio::io_context context{1};
  std::function<void(const std::exception_ptr&)> on_lost_child;
  bool is_closing = false;  // the loop is being destroyed, and what is still spawned with it
};

// Throws operation_aborted where the calling coroutine has been cancelled.
Task<> throw_if_cancelled();

// The same moment for a timer, which counts finer: far futures do not overflow.
std::chrono::steady_clock::time_point timer_time(Instant instant);

// Calls `expire` on the loop's thread when its time has come before it was disarmed or destroyed.
// Whoever waits meanwhile arranges that `expire` ends the wait, by closing what it waits for.
class Deadline {
 public:
  Deadline(asio::io_context& context, milliseconds duration, std::function<void()> expire);
  ~Deadline() { disarm(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void disarm() { *is_armed_ = false; }
  [[nodiscard]] bool has_expired() const { return *has_expired_; }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> is_armed_ = std::make_shared<bool>(true);
  std::shared_ptr<bool> has_expired_ = std::make_shared<bool>(false);
};

// Coroutines that wait to be woken, by post: whoever wakes them is not interrupted.
class WaitList {
 public:
  enum class Outcome { woken, deadline, cancelled };

  explicit WaitList(asio::io_context& context) : context_(context) {}

  void wake_all();

  // The list is shared because it may be dropped while coroutines still wait.
  static Task<Outcome> wait_until(std::shared_ptr<WaitList> list, Instant deadline);
  // Cancellation of the caller does not end this one.
  static Task<> wait_uncancellably(std::shared_ptr<WaitList> list);

 private:
  struct Waiter;
  asio::io_context& context_;
  std::vector<Waiter*> waiters_;
};

}  // namespace ferry::net
