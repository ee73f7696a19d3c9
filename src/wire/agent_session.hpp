// The agent role of a session, together with the service's part that a client sees: the optional handshake
// and encryption, output to the client, input from it, and channel_closed at the end. The owner checks the
// client's first (TEXT) message itself, with parse_open_data_channel(). Sans-IO and pull-style: after each
// call drain poll_frame() and poll_event().
//
// Owns the reliable channel; bounded by its limits: input that is not polled is not acknowledged, so the
// client is pushed back while acknowledgements of output go on being read. Not thread-safe. States and
// timers: docs/protocol.md.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "wire/reliable_channel.hpp"
#include "wire/session_cipher.hpp"
#include "wire/session_frame.hpp"
#include "wire/session_payloads.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace ferry::wire {

struct AgentSessionSettings {
  std::string session_id;
  std::string agent_version = "3.3.0.0";  // clients switch features on by it
  // The session type to announce in a handshake; empty: no handshake, as ECS Exec without encryption.
  std::string handshake_session_type;
  // The KMS key of an encrypted session, which needs a handshake and random_bytes; empty: no encryption.
  std::string kms_key_id;
  std::function<Bytes(std::size_t count)> random_bytes;  // unguessable
  std::string customer_message;            // shown by the client at the handshake's end; may be empty
  milliseconds handshake_timeout{15'000};  // for each of the client's answers
  milliseconds close_timeout{10'000};      // of the client's silence after close(), when all output has left
  MessageStamp stamp;
  ChannelLimits limits;
};

namespace agent_event {
// The client's data key, as KMS encrypted it: the owner has it decrypted and calls provide_key().
struct KeyWanted {
  Bytes encrypted_data_key;
};
// Output may be sent from now on. At once where there is no handshake.
struct Ready {
  std::string client_version;  // empty without a handshake
};
struct Input {
  Bytes bytes;
};
struct Resized {
  TerminalSize size;
};
struct FlagReceived {
  std::uint32_t flag = 0;  // session_flag
};
// channel_closed is the last frame. Nothing follows.
struct Closed {
  std::size_t unacknowledged = 0;  // messages that the client never said it had
};
// The session cannot go on; where the client can still hear it, channel_closed with the reason is the last
// frame. Nothing follows.
struct Failed {
  Failure failure;
};
}  // namespace agent_event

using AgentEvent =
    std::variant<agent_event::KeyWanted, agent_event::Ready, agent_event::Input, agent_event::Resized,
                 agent_event::FlagReceived, agent_event::Closed, agent_event::Failed>;

enum class OutputKind { output, standard_error };

class AgentSession {
 public:
  explicit AgentSession(AgentSessionSettings settings);

  // A client is there, its token was right. The first call starts the handshake; later ones are reconnects:
  // counters and unacknowledged messages go on.
  void connect(Instant now);
  // The connection is gone; no time-out runs until the next connect(), and nothing is lost.
  void disconnect();

  // One websocket message of the client. Failure `protocol`: foreign bytes were wrong; close the connection.
  Result<> receive(BytesView message, Instant now);
  void tick(Instant now);

  // The answer to KeyWanted: kDataKeyBytes bytes, or why there are none, which ends the session.
  void provide_key(Result<Bytes> data_key, Instant now);

  // Takes as much as there is room for and returns how many bytes that was; 0 before Ready and after close().
  std::size_t send_output(OutputKind kind, BytesView bytes, Instant now);
  // NonInteractiveCommands only; always taken. Once.
  void send_exit_code(int exit_code, Instant now);
  // No more output. channel_closed with `output` (empty for an orderly end) leaves when the client has
  // acknowledged everything, or has been silent for close_timeout. Idempotent: the first call's output
  // stands.
  void close(std::string output, Instant now);

  std::optional<Frame> poll_frame(Instant now);
  std::optional<AgentEvent> poll_event(Instant now);
  [[nodiscard]] std::optional<Instant> deadline() const;

  [[nodiscard]] bool is_ready() const { return phase_ == Phase::open; }
  [[nodiscard]] bool is_over() const { return phase_ == Phase::over; }
  // Whether send_output() would take something.
  [[nodiscard]] bool has_room() const { return is_ready() && channel_.has_room(); }

 private:
  // Of a handshake: `handshaking` waits for the client's answer, `keying` for provide_key(), `challenging`
  // for the client's proof that it has the same key.
  enum class Phase { unconnected, handshaking, keying, challenging, open, closing, over };

  void start_handshake(Instant now);
  [[nodiscard]] bool waits_for_answer() const {
    return phase_ == Phase::handshaking || phase_ == Phase::challenging;
  }
  // What one message of the client means; puts events into events_.
  void handle(AgentMessage message, Instant now);
  void handle_input(Bytes payload);
  void handle_handshake_response(const AgentMessage& message, Instant now);
  void handle_challenge_response(const AgentMessage& message, Instant now);
  void complete_handshake(Instant now);
  // Encrypts in a session that is.
  void send_data(PayloadType type, BytesView bytes, Instant now);
  Result<Bytes> seal(BytesView bytes);
  void fail_with(Failure failure);
  // Ends the session after telling the client why.
  void refuse(std::string reason, Instant now);
  [[nodiscard]] Frame channel_closed(const std::string& output, Instant now) const;

  AgentSessionSettings settings_;
  ReliableChannel channel_;
  Phase phase_ = Phase::unconnected;
  Instant handshake_started_, handshake_deadline_, close_deadline_;
  std::string client_version_;
  std::optional<SessionCipher> cipher_;
  Nonce next_nonce_{};
  Bytes challenge_;
  std::string close_output_;
  std::optional<Frame> closing_frame_;
  std::deque<AgentEvent> events_;  // not yet polled; one message or time-out makes at most one
  bool is_connected_ = false;
  bool is_close_due_ = false;
};

}  // namespace ferry::wire
