// The binary message of the Session Manager data channel: one websocket message is one AgentMessage.
// A value that owns its payload; bounded by max_message_bytes. The layout is the one that
// session-manager-plugin and amazon-ssm-agent share (docs/protocol.md, "The message").
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "wire/uuid.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::wire {

inline constexpr std::size_t message_header_bytes = 120;
inline constexpr std::size_t max_message_bytes = 1U << 20U;
// What a peer reads in one go: stream data is cut into payloads of at most this size.
inline constexpr std::size_t max_stream_payload_bytes = 1024;

namespace message_type {
inline constexpr std::string_view input_stream_data = "input_stream_data";      // client to agent
inline constexpr std::string_view output_stream_data = "output_stream_data";    // agent to client
inline constexpr std::string_view acknowledge = "acknowledge";                  // either way
inline constexpr std::string_view channel_closed = "channel_closed";            // service to both
inline constexpr std::string_view start_publication = "start_publication";      // service to both
inline constexpr std::string_view pause_publication = "pause_publication";      // service to both
inline constexpr std::string_view agent_session_state = "agent_session_state";  // agent to service
}  // namespace message_type

namespace message_flag {
inline constexpr std::uint64_t syn = 1;
inline constexpr std::uint64_t fin = 2;
}  // namespace message_flag

// What stream data means. Peers may send values that are not listed: they are kept.
enum class PayloadType : std::uint32_t {
  none = 0,
  output = 1,  // standard input travels as `output` too
  error = 2,
  size = 3,
  parameter = 4,
  handshake_request = 5,
  handshake_response = 6,
  handshake_complete = 7,
  encryption_challenge_request = 8,
  encryption_challenge_response = 9,
  flag = 10,
  standard_error = 11,
  exit_code = 12,
};

struct AgentMessage {
  std::string type;  // at most 32 bytes, no NUL, no blank at either end
  std::uint32_t schema_version = 1;
  WallTime created;
  std::int64_t sequence_number = 0;
  std::uint64_t flags = 0;
  Uuid id{};
  PayloadType payload_type = PayloadType::none;
  Bytes payload;

  bool operator==(const AgentMessage&) const = default;

  [[nodiscard]] bool is_stream_data() const {
    return type == message_type::input_stream_data || type == message_type::output_stream_data;
  }
};

// The bytes of one websocket message. The digest is computed; a type or payload beyond the limits is our bug.
Bytes encode(const AgentMessage& message);

// A client verifies the payload's SHA-256, an agent does not (some services and older clients rely on it).
enum class DigestCheck { verify, ignore };

// Failure `protocol`: too short or too long, a header or payload length that does not fit, no type, no date,
// or a wrong digest. Of start_publication and pause_publication only the header is looked at: both stock
// peers accept whatever else they carry.
Result<AgentMessage> decode(BytesView bytes, DigestCheck digest_check);

}  // namespace ferry::wire
