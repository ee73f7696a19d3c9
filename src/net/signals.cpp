#include "net/reactor.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>

namespace ferry::net {

struct Signals::State {
  explicit State(asio::io_context& context) : set(context) {}
  asio::signal_set set;
};

Signals::Signals(Loop& loop, std::initializer_list<int> numbers)
    : state_(std::make_unique<State>(loop.reactor().context)) {
  for (const int number : numbers) state_->set.add(number);
}

Signals::~Signals() = default;

Task<int> Signals::next() {
  co_await throw_if_cancelled();
  error_code error;
  const int number = co_await state_->set.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) throw boost::system::system_error(error);
  co_return number;
}

}  // namespace ferry::net
