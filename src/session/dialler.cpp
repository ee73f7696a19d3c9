#include "session/dialler.hpp"

#include "net/clock.hpp"
#include "net/url.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::session {

namespace {

// A server that restarts is back within these; one that is not there should be said so soon.
constexpr int first_attempts = 3;

// Whether the same attempt will fail in the same way.
bool is_final(FailureCode code) {
  switch (code) {
    case FailureCode::usage:
    case FailureCode::denied:
    case FailureCode::not_found:
    case FailureCode::cancelled:
    case FailureCode::local_system:
      return true;
    default:
      return false;
  }
}

milliseconds random_first_pause(const ConnectionTimes& times) {
  constexpr int chances = 256;
  return times.first_pause + times.first_pause * sys::random_bytes(1).front() / chances;
}

}  // namespace

Dialler::Dialler(net::Loop& loop, const net::Network& network, Address address, RenewToken renew_token,
                 ConnectionTimes times)
    : loop_(loop),
      network_(network),
      address_(std::move(address)),
      renew_token_(std::move(renew_token)),
      times_(times),
      next_pause_(random_first_pause(times)) {}

void Dialler::connection_is_good() {
  try_until_.reset();
}

net::Task<> Dialler::pause() {
  const milliseconds duration = next_pause_;
  next_pause_ = std::min(2 * next_pause_, times_.longest_pause);
  co_await net::sleep_for(loop_, duration);
}

net::Task<Result<net::WebSocket>> Dialler::dial(milliseconds timeout) {
  const Result<net::Url> url = net::parse_url(address_.stream_url);
  if (!url) co_return fail(url.error());
  net::WebSocketLimits limits;
  limits.connect_timeout = std::min(limits.connect_timeout, timeout);
  Result<net::WebSocket> socket = co_await net::WebSocket::connect(loop_, &network_, *url, limits);
  co_return socket;
}

net::Task<Result<Dialler::Connection>> Dialler::connect() {
  for (int attempt = 1;; ++attempt) {
    Result<net::WebSocket> socket = co_await dial(net::WebSocketLimits{}.connect_timeout);
    if (socket) co_return Connection{.socket = std::move(*socket), .token_value = address_.token_value};
    if (attempt == first_attempts || is_final(socket.error().code)) co_return fail(socket.error());
    co_await pause();
  }
}

net::Task<Result<Dialler::Connection>> Dialler::reconnect() {
  if (!try_until_) {
    try_until_ = net::steady_now() + times_.resume_within;
    next_pause_ = random_first_pause(times_);
    last_failure_.reset();
  }
  while (true) {
    co_await pause();
    const milliseconds time_left = *try_until_ - net::steady_now();
    if (time_left <= milliseconds(0)) co_return fail(given_up());
    Result<std::string> token = co_await renew_token_();
    if (!token) {
      const bool is_session_over = token.error().code == FailureCode::lost;
      if (is_session_over || is_final(token.error().code)) co_return fail(token.error());
      last_failure_ = token.error();
      continue;
    }
    Result<net::WebSocket> socket = co_await dial(time_left);
    if (socket) co_return Connection{.socket = std::move(*socket), .token_value = std::move(*token)};
    if (is_final(socket.error().code)) co_return fail(socket.error());
    last_failure_ = socket.error();
  }
}

Failure Dialler::given_up() const {
  const std::string context =
      fmt::format("no connection in {} s", std::chrono::duration<double>(times_.resume_within).count());
  if (last_failure_) return last_failure_->in(context);
  return {.code = FailureCode::lost,
          .what = fmt::format("{} that lasted", context),
          .hint = {},
          .service_code = {}};
}

}  // namespace ferry::session
