#include "net/tcp_connect.hpp"

#include "net/clock.hpp"
#include "net/name_lookup.hpp"

#include <algorithm>
#include <fcntl.h>
#include <optional>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>

namespace ferry::net {
namespace {

using Tcp = asio::ip::tcp::socket;

Task<Result<Endpoints>> resolve(Loop& loop, std::string host, std::uint16_t port, Instant deadline) {
  error_code error;
  const asio::ip::address literal = asio::ip::make_address(host, error);
  if (!error) co_return Endpoints{{literal, port}};
  // RFC 6761: always this machine, whatever the name service says.
  if (host == "localhost" || host.ends_with(".localhost")) {
    co_return Endpoints{{asio::ip::address_v4::loopback(), port}, {asio::ip::address_v6::loopback(), port}};
  }
  Result<Endpoints> endpoints = co_await look_up(loop, std::move(host), port, deadline);
  co_return endpoints;
}

// Attempts that run beside each other; the first to connect wins.
struct Race {
  explicit Race(Loop& loop) : changed(loop) {}
  Event changed;
  std::optional<Tcp> winner;
  std::size_t lost = 0;
  error_code error = asio::error::timed_out;  // of the last that lost
};

Task<> attempt(Loop& loop, asio::ip::tcp::endpoint endpoint, Race& race) {
  Tcp socket(loop.reactor().context);
  error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) {
    prepare_socket(socket);
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    co_await throw_if_cancelled();
  }
  if (error) {
    ++race.lost;
    race.error = error;
  } else if (!race.winner) {
    race.winner = std::move(socket);
  }
  race.changed.set();
}

Task<> run_race(Loop& loop, TaskGroup& attempts, const Endpoints& endpoints, Race& race, Instant deadline) {
  for (std::size_t begun = 0; begun < endpoints.size() && !race.winner && steady_now() < deadline;) {
    attempts.spawn(attempt(loop, endpoints[begun++], race));
    const bool is_last = begun == endpoints.size();
    const Instant until = is_last ? deadline : std::min(deadline, steady_now() + kHeadStart);
    bool is_in_time = true;
    while (is_in_time && !race.winner && race.lost < begun) {
      race.changed.reset();
      is_in_time = co_await race.changed.wait_until(until);
    }
  }
}

}  // namespace

Endpoints in_turns(const Endpoints& endpoints) {
  if (endpoints.empty()) return {};
  Endpoints first;
  Endpoints second;
  for (const auto& endpoint : endpoints)
    (endpoint.protocol() == endpoints.front().protocol() ? first : second).push_back(endpoint);
  Endpoints turns;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) turns.push_back(first[i]);
    if (i < second.size()) turns.push_back(second[i]);
  }
  return turns;
}

Task<Result<Tcp>> connect_to_any(Loop& loop, Endpoints endpoints, Instant deadline) {
  Race race(loop);
  const Endpoints turns = in_turns(endpoints);
  co_await with_children(
      loop, [&](TaskGroup& attempts) { return run_race(loop, attempts, turns, race, deadline); });
  if (race.winner) co_return std::move(*race.winner);
  const bool is_late = race.lost < turns.size();
  co_return fail(FailureCode::unreachable,
                 is_late ? error_code(asio::error::timed_out).message() : race.error.message());
}

Task<Result<Tcp>> connect_to(Loop& loop, std::string host, std::uint16_t port, Instant deadline) {
  Result<Endpoints> endpoints = co_await resolve(loop, std::move(host), port, deadline);
  if (!endpoints) co_return fail(std::move(endpoints.error()));
  Result<Tcp> socket = co_await connect_to_any(loop, std::move(*endpoints), deadline);
  co_return socket;
}

void prepare_socket(Tcp& socket) {
  error_code ignored;  // a socket that is already gone shows at its first use
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const int flags = ::fcntl(socket.native_handle(), F_GETFD);
  ::fcntl(socket.native_handle(), F_SETFD, flags | FD_CLOEXEC);
}

}  // namespace ferry::net
