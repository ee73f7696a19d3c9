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

// One of the connections that a server may have at a time.
class Slot {
 public:
  Slot(std::size_t& used, WaitList& freed) : used_(used), freed_(freed) { ++used_; }
  ~Slot() {
    --used_;
    freed_.wake_all();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::size_t& used_;
  WaitList& freed_;
};

}  // namespace

struct HttpServer::State {
  State(Loop& shared_loop, HttpServerLimits given)
      : loop(shared_loop),
        limits(given),
        acceptor(shared_loop.reactor().context),
        slot_freed(std::make_shared<WaitList>(shared_loop.reactor().context)) {}

  error_code bind(const asio::ip::tcp::endpoint& endpoint);
  void stop();
  static Task<> accept_all(std::shared_ptr<State> state, TaskGroup& connections, const HttpHandler& handler);
  static Task<> serve_one(std::shared_ptr<State> state, std::unique_ptr<Slot> slot,
                          std::unique_ptr<Connection> connection, const HttpHandler& handler);

  Loop& loop;
  HttpServerLimits limits;
  Acceptor acceptor;
  std::uint16_t port = 0;
  std::shared_ptr<WaitList> slot_freed;
  std::size_t used_slots = 0;
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
  slot_freed->wake_all();
}

Task<> HttpServer::State::serve_one(std::shared_ptr<State> state, std::unique_ptr<Slot> /*held to the end*/,
                                    std::unique_ptr<Connection> connection, const HttpHandler& handler) {
  co_await serve_connection(state->loop, std::move(connection), state->limits, handler);
}

Task<> HttpServer::State::accept_all(std::shared_ptr<State> state, TaskGroup& connections,
                                     const HttpHandler& handler) {
  while (!state->is_stopped) {
    if (state->used_slots >= state->limits.max_connections) {
      co_await WaitList::wait_until(state->slot_freed, Instant::max());
      co_await throw_if_cancelled();
      continue;
    }
    co_await throw_if_cancelled();
    error_code error;
    co_await state->acceptor.async_wait(Acceptor::wait_read,
                                        asio::redirect_error(asio::use_awaitable, error));
    co_await throw_if_cancelled();
    if (state->is_stopped) break;
    // Accepted and made uninheritable in one go: no program of ours starts in between.
    Connection::Tcp socket(state->loop.reactor().context);
    state->acceptor.accept(socket, error);
    if (error == asio::error::would_block || error == asio::error::connection_aborted) continue;
    if (error) {  // no descriptor or memory left: what others give back helps
      co_await sleep_for(state->loop, kPauseWithoutDescriptors);
      continue;
    }
    prepare_socket(socket);
    auto slot = std::make_unique<Slot>(state->used_slots, *state->slot_freed);
    auto connection = std::make_unique<Connection>(std::move(socket));
    connections.spawn(serve_one(state, std::move(slot), std::move(connection), handler));
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
    return fail(FailureCode::local_system,
                fmt::format("cannot listen on {} port {}: {}", host, port, error.message()),
                error == asio::error::address_in_use ? "stop what uses the port, or choose another" : "");
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

std::uint16_t HttpServer::port() const {
  return state_->port;
}

Task<> HttpServer::serve(HttpHandler handler) {
  const std::shared_ptr<State> state = state_;
  const auto accept_all = [&state, &handler](TaskGroup& connections) {
    return State::accept_all(state, connections, handler);
  };
  co_await with_children(state->loop, accept_all);
}

void HttpServer::stop() {
  state_->stop();
}

}  // namespace ferry::net
