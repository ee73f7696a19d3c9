// A listener that plays a script to each connection, for what no correct server would do.
#pragma once

#include "net/connection.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/redirect_error.hpp>

namespace ferry::net {

class ScriptedServer {
 public:
  // Called with the connection and its number, from 0.
  using Script = std::function<Task<>(std::unique_ptr<Connection>, int)>;

  ScriptedServer(Loop& loop, Script script)
      : loop_(loop),
        script_(std::move(script)),
        acceptor_(loop.reactor().context, {asio::ip::address_v4::loopback(), 0}),
        group_(loop) {
    group_.spawn(serve());
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] int connections() const { return connections_; }

  Task<> stop() {
    group_.cancel();
    co_await group_.join();
  }

 private:
  Task<> serve() {
    while (true) {
      Connection::Tcp socket(loop_.reactor().context);
      error_code error;
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      co_await throw_if_cancelled();
      group_.spawn(script_(std::make_unique<Connection>(std::move(socket)), connections_++));
    }
  }

  Loop& loop_;
  Script script_;
  asio::ip::tcp::acceptor acceptor_;
  TaskGroup group_;
  int connections_ = 0;
};

}  // namespace ferry::net
