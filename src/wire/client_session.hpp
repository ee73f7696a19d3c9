// The client role of a session: opens the data channel, answers the handshake where there is one, agrees on
// encryption where the agent asks for it, receives output and sends input. Sans-IO and pull-style: after each
// call drain poll_frame() and poll_event().
//
// Owns the reliable channel and the session's keys; bounded by its limits: events that are not polled are not
// acknowledged, so the agent is pushed back. Not thread-safe. States and timers: docs/protocol.md.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "wire/handshake_payloads.hpp"
#include "wire/reliable_channel.hpp"
#include "wire/session_cipher.hpp"
#include "wire/session_frame.hpp"
#include "wire/session_payloads.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ferry::wire {

// The version of session-manager-plugin that we stand for, to the agent, the service and the AWS CLI. Agents
// switch features on by it; AWS supports none below 1.2.764.0, the first that signs data channels.
inline constexpr std::string_view client_version = "1.2.764.0";

struct ClientSessionSettings {
  std::string session_id;  // for failures
  MessageStamp stamp;
  ChannelLimits limits;
  NonceSource new_nonce = nullptr;  // empty: encryption is refused
};

namespace client_event {
// Input and size may be sent from now on: the handshake is complete, or output came without one.
struct Ready {};
struct Output {
  bool is_standard_error = false;
  Bytes bytes;
};
struct ExitCode {
  int value = 0;
};
struct CustomerMessage {
  std::string text;
};
// The agent wants the session encrypted with a data key of this KMS key: the handshake goes on with
// provide_key() or refuse_key(). At most once.
struct KeyWanted {
  std::string key_id;
};
// channel_closed. Nothing follows.
struct Closed {
  std::string output;             // empty for an orderly end
  std::size_t lost_messages = 0;  // received early, behind one that never came
};
// The session cannot go on. Nothing follows.
struct Failed {
  Failure failure;
};
}  // namespace client_event

using ClientEvent = std::variant<client_event::Ready, client_event::Output, client_event::ExitCode,
                                 client_event::CustomerMessage, client_event::KeyWanted, client_event::Closed,
                                 client_event::Failed>;

class ClientSession {
 public:
  explicit ClientSession(ClientSessionSettings settings);

  // Opens the data channel on a fresh connection: its first frame is the request with this token. Called
  // again after a reconnect: counters and unacknowledged messages go on.
  void connect(std::string_view token_value, Instant now);
  // The connection is gone; no time-out runs until the next connect().
  void disconnect();

  // One websocket message. Failure `protocol`: foreign bytes were wrong, the session cannot go on.
  Result<> receive(BytesView message, Instant now);
  void tick(Instant now);

  // Takes as much as there is room for and returns how many bytes that was; 0 before Ready.
  std::size_t send_input(BytesView bytes, Instant now);
  // Ready although the agent has said nothing: for commands that read before they write. A guess; a handshake
  // that begins after all takes it back.
  void assume_ready();
  // Sent before any later input; the latest size wins while it cannot be sent.
  void send_size(TerminalSize size);

  // The answer to KeyWanted; without one that waits for it nothing happens. The key is wiped.
  void provide_key(DataKey key, Instant now);
  // `reason` is one line: the agent shows it as the session's end.
  void refuse_key(std::string reason, Instant now);

  std::optional<Frame> poll_frame(Instant now);
  std::optional<ClientEvent> poll_event(Instant now);
  [[nodiscard]] std::optional<Instant> deadline() const;

  [[nodiscard]] bool is_ready() const { return is_ready_; }
  [[nodiscard]] bool is_over() const { return is_over_; }
  // channel_closed has come: no connection is needed any more, though there may be something left to poll.
  [[nodiscard]] bool is_closed() const { return closed_.has_value(); }
  // Received and not yet polled.
  [[nodiscard]] std::size_t kept_bytes() const { return channel_.kept_bytes(); }
  // Sent and not yet acknowledged, in messages.
  [[nodiscard]] std::size_t unacknowledged() const { return channel_.unacknowledged(); }

 private:
  // What one message of the agent means; puts events into events_.
  void handle(AgentMessage message, Instant now);
  void handle_output(AgentMessage message);
  void handle_exit_code(AgentMessage message);
  void answer_handshake(const AgentMessage& message, Instant now);
  void send_response(Instant now);
  void answer_challenge(const AgentMessage& message, Instant now);
  void complete_handshake(const AgentMessage& message);
  void become_ready();
  // Payload types 1, 11 and 12 of the agent: what they say, or nothing after fail_with().
  std::optional<Bytes> decrypted(Bytes payload);
  std::optional<Bytes> encrypted(BytesView plaintext);
  void flush_size(Instant now);
  void fail_with(Failure failure);

  ClientSessionSettings settings_;
  ReliableChannel channel_;
  std::optional<Frame> opening_;              // the request of connect(), until it is polled
  std::optional<TerminalSize> waiting_size_;  // not yet sent
  std::deque<ClientEvent> events_;            // at most two: what follows from one message
  std::optional<ChannelClosed> closed_;
  std::string client_id_;
  std::optional<HandshakeResponse> response_;  // waits for the key
  std::optional<SessionCipher> cipher_;
  bool is_connected_ = false;
  bool is_handshake_open_ = false;
  bool is_ready_ = false;
  bool is_assumed_ = false;  // readiness is a guess
  bool is_over_ = false;
};

}  // namespace ferry::wire
