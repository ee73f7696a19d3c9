#include "net/http_server.hpp"

#include "net/connection.hpp"
#include "net/served_connection.hpp"
#include "net/tcp_connect.hpp"

#include <fcntl.h>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

namespace ferry::net {
namespace {

using Acceptor = asio::ip::tcp::acceptor;

constexpr milliseconds kPauseWithoutDescriptors{50};

// Wakes whoever waits for a place when a connection's is free.
class Place {
 public:
  explicit Place(WaitList& freed) : freed_(freed) {}
  ~Place() { freed_.wake_all(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  WaitList& freed_;
};

}  // namespace

struct HttpServer::State {
  State(Loop& shared_loop, HttpServerLimits given)
      : loop(shared_loop),
        limits(given),
        acceptor(shared_loop.reactor().context),
        place_freed(std::make_shared<WaitList>(shared_loop.reactor().context)),
        peers(given.max_buffered_bytes) {}

  error_code bind(const asio::ip::tcp::endpoint& endpoint);
  void stop();
  static Task<> accept_all(std::shared_ptr<State> state, TaskGroup& connections, const ServedBy& server);
  static Task<> serve_one(std::shared_ptr<State> state, std::unique_ptr<Connection> connection,
                          const ServedBy& server);

  Loop& loop;
  HttpServerLimits limits;
  Acceptor acceptor;
  std::uint16_t port = 0;
  std::shared_ptr<WaitList> place_freed;
  ServedPeers peers;
  bool is_stopped = false;
};

error_code HttpServer::State::bind(const asio::ip::tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  // The programs that we start must not hold the port.
  ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(Acceptor::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) port = acceptor.local_endpoint(error).port();
  return error;
}

void HttpServer::State::stop() {
  is_stopped = true;
  error_code ignored;  // closed in any case
  acceptor.close(ignored);
  place_freed->wake_all();
}

Task<> HttpServer::State::serve_one(std::shared_ptr<State> state, std::unique_ptr<Connection> connection,
                                    const ServedBy& server) {
  const Place place(*state->place_freed);
  co_await serve_connection(state->loop, std::move(connection), server);
}

Task<> HttpServer::State::accept_all(std::shared_ptr<State> state, TaskGroup& connections,
                                     const ServedBy& server) {
  const auto is_full = [&] { return state->peers.count() >= state->limits.max_connections; };
  while (!state->is_stopped) {
    co_await throw_if_cancelled();
    error_code error;
    co_await state->acceptor.async_wait(Acceptor::wait_read,
                                        asio::redirect_error(asio::use_awaitable, error));
    co_await throw_if_cancelled();
    if (state->is_stopped) break;
    if (is_full()) {
      // Somebody new is there, and takes the place of a stranger, or waits for that of another one.
      state->peers.give_up_slowest();
      co_await WaitList::wait_until(state->place_freed, Instant::max());
      continue;
    }
    // Accepted and made uninheritable in one go: no program of ours starts in between.
    Connection::Tcp socket(state->loop.reactor().context);
    state->acceptor.accept(socket, error);
    if (error == asio::error::would_block || error == asio::error::connection_aborted) continue;
    if (error) {  // no descriptor or memory left: what others give back helps
      co_await sleep_for(state->loop, kPauseWithoutDescriptors);
      continue;
    }
    prepare_socket(socket);
    connections.spawn(serve_one(state, std::make_unique<Connection>(std::move(socket)), server));
  }
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, const std::string& host,
                                                       std::uint16_t port, HttpServerLimits limits) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error) {
    return fail(FailureCode::usage, fmt::format("cannot listen on \"{}\": not a literal address", host),
                "give an address such as 127.0.0.1");
  }
  auto state = std::make_shared<State>(loop, limits);
  error = state->bind({address, port});
  if (error) {
    const bool is_used = error == asio::error::address_in_use;
    const bool is_absent = error == asio::error::address_family_not_supported ||
                           error == boost::system::errc::address_not_available;
    return fail(is_used     ? FailureCode::refused
                : is_absent ? FailureCode::not_found
                            : FailureCode::local_system,
                fmt::format("cannot listen on {} port {}: {}", host, port, error.message()),
                is_used ? "stop what uses the port, or choose another" : "");
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

std::uint16_t HttpServer::port() const {
  return state_->port;
}

Task<> HttpServer::serve(HttpHandler handler, HttpHeadCheck check) {
  const std::shared_ptr<State> state = state_;
  const ServedBy server{.handler = std::move(handler),
                        .check = std::move(check),
                        .limits = state->limits,
                        .peers = state->peers};
  const auto accept_all = [&state, &server](TaskGroup& connections) {
    return State::accept_all(state, connections, server);
  };
  co_await with_children(state->loop, accept_all);
}

void HttpServer::stop() {
  state_->stop();
}

}  // namespace ferry::net
