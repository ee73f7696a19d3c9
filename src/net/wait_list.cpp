#include "net/clock.hpp"
#include "net/reactor.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>

namespace ferry::net {

Task<> throw_if_cancelled() {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

std::chrono::steady_clock::time_point timer_time(Instant instant) {
  using Clock = std::chrono::steady_clock;
  constexpr auto latest = std::chrono::floor<milliseconds>(Clock::time_point::max());
  constexpr auto earliest = std::chrono::ceil<milliseconds>(Clock::time_point::min());
  return Clock::time_point(std::clamp(instant, Instant(earliest), Instant(latest)));
}

Deadline::Deadline(asio::io_context& context, milliseconds duration, std::function<void()> expire)
    : timer_(context, timer_time(steady_now() + duration)) {
  timer_.async_wait([is_armed = is_armed_, has_expired = has_expired_,
                     expire = std::move(expire)](const error_code& error) {
    if (error || !*is_armed) return;
    *has_expired = true;
    expire();
  });
}

struct WaitList::Waiter {
  Waiter(std::shared_ptr<WaitList> waited_for, Instant deadline)
      : list(std::move(waited_for)), timer(list->context_, timer_time(deadline)) {
    list->waiters_.push_back(this);
  }
  ~Waiter() { std::erase(list->waiters_, this); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  std::shared_ptr<WaitList> list;
  asio::steady_timer timer;
  bool is_woken = false;
};

void WaitList::wake_all() {
  for (Waiter* waiter : std::exchange(waiters_, {})) {
    waiter->is_woken = true;
    waiter->timer.cancel();
  }
}

Task<WaitList::Outcome> WaitList::wait_until(std::shared_ptr<WaitList> list, Instant deadline) {
  const asio::cancellation_state before = co_await asio::this_coro::cancellation_state;
  if (before.cancelled() != asio::cancellation_type::none) co_return Outcome::cancelled;
  Waiter waiter(std::move(list), deadline);
  error_code error;
  co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (waiter.is_woken) co_return Outcome::woken;
  co_return error ? Outcome::cancelled : Outcome::deadline;
}

Task<> WaitList::wait_uncancellably(std::shared_ptr<WaitList> list) {
  Waiter waiter(std::move(list), Instant::max());
  error_code error;
  co_await waiter.timer.async_wait(asio::bind_cancellation_slot(
      asio::cancellation_slot(), asio::redirect_error(asio::use_awaitable, error)));
}

}  // namespace ferry::net
