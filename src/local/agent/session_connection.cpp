// The client's side of a session: its connections, the token, and the frames that go to it.
#include "local/agent/session.hpp"
#include "net/clock.hpp"
#include "sys/random.hpp"

#include <utility>

namespace ferry::local {

struct Session::Connection {
  explicit Connection(net::WebSocket opened) : socket(std::move(opened)) {}

  net::WebSocket socket;
  bool has_shown_token = false;
  // What may still be sent before a fault rule cuts it.
  std::optional<std::size_t> bytes_until_cut;

  // Leaves of the messages what may be sent; true when the rule cuts the connection behind it.
  bool cut(std::vector<net::WebSocketMessage>& messages) {
    if (!bytes_until_cut) return false;
    for (auto message = messages.begin(); message != messages.end(); ++message) {
      if (message->payload.size() > *bytes_until_cut) {
        messages.erase(message, messages.end());
        return true;
      }
      *bytes_until_cut -= message->payload.size();
    }
    return false;
  }
};

// A connection's place in its session, given back however its coroutine ends.
class Session::Attachment {
 public:
  Attachment(Session& session, std::shared_ptr<Connection> connection)
      : session_(session), connection_(std::move(connection)) {
    session_.connections_.insert(connection_);
  }
  ~Attachment() {
    connection_->socket.close();
    session_.detach(connection_);
    session_.connections_.erase(connection_);
    session_.has_changed_.set();
  }
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

 private:
  Session& session_;
  std::shared_ptr<Connection> connection_;
};

std::string Session::renew_token() {
  constexpr std::size_t token_bytes = 32;
  token_ = sys::random_hex(token_bytes);
  return token_;
}

net::Task<> Session::serve(Self self, net::WebSocket socket) {
  if (self->is_finished_.is_set()) co_return;
  const auto connection = std::make_shared<Connection>(std::move(socket));
  const Attachment attachment(*self, connection);
  self->tasks_.spawn(close_without_token(self, connection));
  const Result<net::WebSocketMessage> first = co_await connection->socket.receive();
  if (!first || !self->open_with(*first, connection)) co_return;
  while (true) {
    const Result<net::WebSocketMessage> message = co_await connection->socket.receive();
    if (!message) co_return;
    const Result<> received = self->channel_.receive(message->payload, net::steady_now());
    if (!received) co_return;
    self->has_input_.set();
    self->has_changed_.set();
  }
}

net::Task<> Session::close_without_token(Self self, std::shared_ptr<Connection> connection) {
  co_await net::sleep_for(self->loop_, self->limits_.token_timeout);
  if (!connection->has_shown_token) connection->socket.close();
}

bool Session::open_with(const net::WebSocketMessage& first, const std::shared_ptr<Connection>& connection) {
  const auto request = wire::parse_open_data_channel(as_text(first.payload));
  if (!request || token_.empty() || !equal_in_constant_time(request->token_value, token_)) return false;
  // A second client with the token of the first is an intruder; with a newer one it is the first come back.
  token_.clear();
  if (client_) {
    client_->socket.close();
    detach(client_);
  }
  connection->has_shown_token = true;
  connection->bytes_until_cut = means_.cut_after();
  client_ = connection;
  had_client_.set();
  last_activity_ = net::steady_now();
  channel_.connect(net::steady_now());
  has_input_.set();
  has_changed_.set();
  return true;
}

void Session::detach(const std::shared_ptr<Connection>& connection) {
  if (client_ != connection) return;
  client_.reset();
  channel_.disconnect();
  // After the command was killed there is nothing to come back to.
  if (is_ending_) is_finished_.set();
}

void Session::close_connections() {
  for (const std::shared_ptr<Connection>& connection : connections_) connection->socket.close();
}

net::Task<> Session::drive_channel(Self self) {
  while (!self->channel_.is_over()) {
    self->has_changed_.reset();
    const std::shared_ptr<Connection> client = self->client_;
    std::vector<net::WebSocketMessage> messages = self->due_messages();
    if (client && !messages.empty()) {
      co_await send_messages(self, client, std::move(messages));
      continue;
    }
    if (self->channel_.has_room()) self->has_room_.set();
    const std::optional<Instant> deadline = self->channel_.deadline();
    const bool has_changed = co_await self->has_changed_.wait_until(deadline.value_or(Instant::max()));
    if (has_changed) continue;
    self->channel_.tick(net::steady_now());
    self->has_input_.set();
  }
  co_await linger(self);
  self->is_finished_.set();
}

std::vector<net::WebSocketMessage> Session::due_messages() {
  constexpr std::size_t max_messages = 32;  // in one write
  std::vector<net::WebSocketMessage> messages;
  while (messages.size() < max_messages) {
    std::optional<wire::Frame> frame = channel_.poll_frame(net::steady_now());
    if (!frame) break;
    messages.push_back({.is_text = frame->is_text, .payload = std::move(frame->payload)});
  }
  return messages;
}

net::Task<> Session::send_messages(Self self, std::shared_ptr<Connection> connection,
                                   std::vector<net::WebSocketMessage> messages) {
  const bool is_cut = connection->cut(messages);
  const Result<> sent = co_await connection->socket.send(std::move(messages));
  if (sent && !is_cut) co_return;
  connection->socket.close();
  self->detach(connection);
}

// The last frame is out; a client that has it hangs up. Closing first could cost it what it has not yet read.
net::Task<> Session::linger(Self self) {
  constexpr milliseconds patience{2'000};
  while (true) {
    std::vector<net::WebSocketMessage> messages = self->due_messages();
    if (!self->client_ || messages.empty()) break;
    co_await send_messages(self, self->client_, std::move(messages));
  }
  const Instant deadline = net::steady_now() + patience;
  while (self->client_) {
    self->has_changed_.reset();
    const bool has_changed = co_await self->has_changed_.wait_until(deadline);
    if (!has_changed) co_return;
  }
}

}  // namespace ferry::local
