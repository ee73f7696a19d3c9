#include "scripted_agent.hpp"

#include "net/clock.hpp"

#include <cstdint>
#include <utility>
#include <variant>

namespace ferry::test {

wire::AgentSession ScriptedAgent::make_session() const {
  wire::AgentSessionSettings settings;
  settings.session_id = "ferry-test";
  settings.handshake_session_type = handshake_session_type;
  settings.customer_message = "Be careful";
  settings.stamp.new_uuid = [count = std::uint8_t{0}]() mutable {
    wire::Uuid uuid{};
    uuid.back() = ++count;
    return uuid;
  };
  settings.stamp.wall_offset = net::wall_now().time_since_epoch() - net::steady_now().time_since_epoch();
  return wire::AgentSession(std::move(settings));
}

void ScriptedAgent::handle(const wire::AgentEvent& event, wire::AgentSession& session) {
  const Instant now = net::steady_now();
  if (std::holds_alternative<wire::agent_event::Ready>(event)) {
    session.send_output(wire::OutputKind::output, as_bytes(greeting), now);
    if (!handshake_session_type.empty()) {
      session.send_output(wire::OutputKind::standard_error, as_bytes("warning"), now);
      session.send_exit_code(3, now);
    }
  }
  if (const auto* resized = std::get_if<wire::agent_event::Resized>(&event)) size = resized->size;
  if (const auto* data = std::get_if<wire::agent_event::Input>(&event)) {
    input += as_text(data->bytes);
    if (input.ends_with(end_marker)) session.close(close_output, now);
  }
}

net::Task<bool> ScriptedAgent::write_frames(net::WebSocket& socket, wire::AgentSession& session) {
  const Bytes flood(flood_bytes - flooded_, 'f');
  flooded_ += session.send_output(wire::OutputKind::output, flood, net::steady_now());
  while (const auto frame = session.poll_frame(net::steady_now())) {
    const auto sent = co_await socket.send({.is_text = false, .payload = frame->payload});
    if (!sent) co_return false;
  }
  co_return true;
}

net::Task<> ScriptedAgent::serve(net::WebSocket socket) {
  const auto opening = co_await socket.receive();
  if (!opening) co_return;
  const auto open = wire::parse_open_data_channel(as_text(opening->payload));
  if (open) token = open->token_value;
  if (sends_garbage) {
    const auto sent = co_await socket.send({.is_text = true, .payload = to_bytes("<html>busy</html>")});
    if (!sent) co_return;
  }
  wire::AgentSession session = make_session();
  session.connect(net::steady_now());
  while (true) {
    while (const auto event = session.poll_event(net::steady_now())) handle(*event, session);
    const bool is_written = co_await write_frames(socket, session);
    if (!is_written || drops_after_greeting) co_return;
    const auto message = co_await socket.receive();
    if (!message) co_return;
    const auto received = session.receive(message->payload, net::steady_now());
    if (!received) co_return;
  }
}

}  // namespace ferry::test
