// A client of the data channel for tests: the client role of wire/ on a real websocket, driven by hand so
// that a test can leave, come back, or stop reading.
#pragma once

#include "local/agent/session_registry.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"
#include "net/websocket.hpp"
#include "sys/random.hpp"
#include "wire/client_session.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {

class TestClient {
 public:
  TestClient(net::Loop& loop, std::uint16_t port) : loop_(loop), port_(port), session_(settings()) {}

  // What a test looks at.
  std::string output, error_output;
  std::optional<int> exit_code;
  bool is_ready = false;
  std::optional<std::string> closed;  // channel_closed's Output
  std::optional<Failure> failure;

  // Connects and serves the channel until it is closed, the connection is lost, or `is_enough` says so.
  net::Task<> run(SessionTicket ticket, std::function<bool(TestClient&)> is_enough = nullptr) {
    const auto url = net::parse_url(
        fmt::format("ws://127.0.0.1:{}/v1/data-channel/{}?role=publish_subscribe", port_, ticket.session_id));
    Result<net::WebSocket> socket = co_await net::WebSocket::connect(loop_, nullptr, *url);
    if (!socket) {
      failure = socket.error();
      co_return;
    }
    session_.connect(ticket.token_value, net::steady_now());
    while (!session_.is_over()) {
      if (is_enough && is_enough(*this)) break;
      co_await flush(*socket);
      const Result<net::WebSocketMessage> message = co_await socket->receive();
      if (!message) {
        failure = message.error();
        break;
      }
      const Result<> received = session_.receive(message->payload, net::steady_now());
      if (!received) failure = received.error();
      take_events();
    }
    socket->close();
    session_.disconnect();
  }

  // To be called from is_enough: it leaves right afterwards.
  void type(std::string text) { typed_ += text; }
  void resize(wire::TerminalSize size) { session_.send_size(size); }

 private:
  static wire::ClientSessionSettings settings() {
    wire::ClientSessionSettings settings;
    settings.session_id = "test";
    settings.stamp.new_uuid = [] { return wire::uuid_from_random(sys::random_bytes(16)); };
    settings.stamp.wall_offset = net::wall_now().time_since_epoch() - net::steady_now().time_since_epoch();
    return settings;
  }

  net::Task<> flush(net::WebSocket& socket) {
    typed_.erase(0, session_.send_input(as_bytes(typed_), net::steady_now()));
    while (std::optional<wire::Frame> frame = session_.poll_frame(net::steady_now())) {
      net::WebSocketMessage message;
      message.is_text = frame->is_text;
      message.payload = std::move(frame->payload);
      const Result<> sent = co_await socket.send(std::move(message));
      if (!sent) co_return;
    }
  }

  void take_events() {
    while (std::optional<wire::ClientEvent> event = session_.poll_event(net::steady_now())) {
      if (std::holds_alternative<wire::client_event::Ready>(*event)) is_ready = true;
      if (const auto* data = std::get_if<wire::client_event::Output>(&*event))
        (data->is_standard_error ? error_output : output) += as_text(data->bytes);
      if (const auto* code = std::get_if<wire::client_event::ExitCode>(&*event)) exit_code = code->value;
      if (const auto* end = std::get_if<wire::client_event::Closed>(&*event)) closed = end->output;
      if (const auto* failed = std::get_if<wire::client_event::Failed>(&*event)) failure = failed->failure;
    }
  }

  net::Loop& loop_;
  std::uint16_t port_;
  wire::ClientSession session_;
  std::string typed_;
};

}  // namespace ferry::local
