#include "scripted_agent.hpp"

#include "net/clock.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

namespace ferry::test {

std::string distinct_text(std::size_t size) {
  std::string text;
  for (std::size_t line = 0; text.size() < size; ++line) text += std::to_string(line) + "\n";
  text.resize(size);
  return text;
}

wire::AgentSession ScriptedAgent::make_session() const {
  wire::AgentSessionSettings settings;
  settings.session_id = "ferry-test";
  settings.handshake_session_type = handshake_session_type;
  settings.kms_key_id = kms_key_id;
  settings.random_bytes = sys::random_bytes;
  settings.customer_message = "Be careful";
  settings.stamp.new_uuid = [count = std::uint8_t{0}]() mutable {
    wire::Uuid uuid{};
    uuid.back() = ++count;
    return uuid;
  };
  settings.stamp.wall_offset = net::wall_now().time_since_epoch() - net::steady_now().time_since_epoch();
  return wire::AgentSession(std::move(settings));
}

void ScriptedAgent::handle(const wire::AgentEvent& event) {
  const Instant now = net::steady_now();
  if (std::holds_alternative<wire::agent_event::Ready>(event)) {
    session_->send_output(wire::OutputKind::output, as_bytes(greeting), now);
    if (!handshake_session_type.empty()) {
      session_->send_output(wire::OutputKind::standard_error, as_bytes("warning"), now);
      session_->send_exit_code(3, now);
    }
  }
  if (const auto* wanted = std::get_if<wire::agent_event::KeyWanted>(&event)) {
    encrypted_data_key = wanted->encrypted_data_key;
    session_->provide_key(data_key, now);
  }
  if (const auto* resized = std::get_if<wire::agent_event::Resized>(&event)) size = resized->size;
  if (const auto* data = std::get_if<wire::agent_event::Input>(&event)) {
    input += as_text(data->bytes);
    if (input.ends_with(end_marker)) session_->close(close_output, now);
  }
}

// False where the connection is to end.
net::Task<bool> ScriptedAgent::write_frames(net::WebSocket& socket) {
  if (flood_.empty()) flood_ = distinct_text(flood_bytes);
  flooded_ +=
      session_->send_output(wire::OutputKind::output, as_bytes(flood_).subspan(flooded_), net::steady_now());
  while (const auto frame = session_->poll_frame(net::steady_now())) {
    const auto sent = co_await socket.send({.is_text = false, .payload = frame->payload});
    if (!sent || --cut_.after_sent == 0) co_return false;
  }
  co_return true;
}

net::Task<> ScriptedAgent::converse(net::WebSocket& socket) {
  while (true) {
    while (const auto event = session_->poll_event(net::steady_now())) handle(*event);
    const bool goes_on = co_await write_frames(socket);
    if (!goes_on) co_return;
    // Also before it drops the connection: a socket that is closed with something unread in it takes back
    // what it has sent.
    const auto message = co_await socket.receive();
    if (!message || drops_after_greeting) co_return;
    const auto received = session_->receive(message->payload, net::steady_now());
    if (!received || --cut_.after_received == 0) co_return;
  }
}

net::Task<> ScriptedAgent::serve(net::WebSocket socket) {
  if (deaf_connections > 0) {
    --deaf_connections;
    co_await hears_again->wait();
    co_return;
  }
  const auto opening = co_await socket.receive();
  if (!opening) co_return;
  const auto open = wire::parse_open_data_channel(as_text(opening->payload));
  tokens.push_back(open ? open->token_value : "");
  if (std::ranges::find(refused_tokens, tokens.back()) != refused_tokens.end()) co_return;
  if (sends_garbage) {
    const auto sent = co_await socket.send({.is_text = true, .payload = to_bytes("<html>busy</html>")});
    if (!sent) co_return;
  }
  cut_ = {};
  if (!cuts.empty()) {
    cut_ = cuts.front();
    cuts.pop_front();
  }
  if (!session_) session_ = make_session();
  session_->connect(net::steady_now());
  co_await converse(socket);
  session_->disconnect();
}

}  // namespace ferry::test
