#include "net/loop.hpp"

#include "net/clock.hpp"
#include "net/reactor.hpp"

#include <csignal>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>

namespace ferry::net {

Loop::Loop() : reactor_(std::make_unique<Reactor>()) {
  // A peer that has closed shows as EPIPE where it is written to.
  struct sigaction current{};
  if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    current.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &current, nullptr);
  }
}

Loop::~Loop() {
  reactor_->is_closing = true;
}

void Loop::on_lost_child(std::function<void(const std::exception_ptr&)> handler) {
  reactor_->on_lost_child = std::move(handler);
}

void Loop::run_to_end(Task<> main) {
  std::exception_ptr error;
  reactor_->context.restart();
  asio::co_spawn(reactor_->context, std::move(main), [this, &error](std::exception_ptr thrown) {
    error = std::move(thrown);
    reactor_->context.stop();
  });
  reactor_->context.run();
  if (error) std::rethrow_exception(error);
}

struct Event::State {
  std::shared_ptr<WaitList> waiters;
  bool is_set = false;
};

Event::Event(Loop& loop)
    : state_(std::make_unique<State>(
          State{.waiters = std::make_shared<WaitList>(loop.reactor().context), .is_set = false})) {}

Event::~Event() = default;

void Event::set() {
  state_->is_set = true;
  state_->waiters->wake_all();
}

void Event::reset() {
  state_->is_set = false;
}

bool Event::is_set() const {
  return state_->is_set;
}

Task<> Event::wait() {
  co_await wait_until(Instant::max());
}

Task<bool> Event::wait_until(Instant deadline) {
  co_await throw_if_cancelled();
  if (state_->is_set) co_return true;
  // From here on `this` may go: whoever waits for an event that is gone waits for its deadline.
  const WaitList::Outcome outcome = co_await WaitList::wait_until(state_->waiters, deadline);
  if (outcome == WaitList::Outcome::cancelled) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return outcome == WaitList::Outcome::woken;
}

Task<> sleep_until(Loop& loop, Instant deadline) {
  co_await throw_if_cancelled();
  asio::steady_timer timer(loop.reactor().context, timer_time(deadline));
  error_code error;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) throw boost::system::system_error(error);
}

Task<> sleep_for(Loop& loop, milliseconds duration) {
  co_await sleep_until(loop, steady_now() + duration);
}

}  // namespace ferry::net
