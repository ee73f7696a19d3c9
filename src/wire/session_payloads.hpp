// What travels inside the messages of a session, apart from the handshake: each payload as a value, its JSON
// (or text) and back. Pure, thread-safe; bounded by the message around it. Parsers fail with `protocol`.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "wire/uuid.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::wire {

// The first thing a client says, as a TEXT websocket message.
struct OpenDataChannel {
  std::string request_id;
  std::string token_value;
  std::string client_id;
  std::string client_version;  // empty: older clients do not say

  bool operator==(const OpenDataChannel&) const = default;
};
std::string to_json(const OpenDataChannel& open);
Result<OpenDataChannel> parse_open_data_channel(std::string_view json);

struct Acknowledge {
  std::string message_type;  // of the acknowledged message
  Uuid message_id{};
  std::int64_t sequence_number = 0;

  bool operator==(const Acknowledge&) const = default;
};
std::string to_json(const Acknowledge& acknowledge);
// Only the sequence number must be there: peers look at nothing else.
Result<Acknowledge> parse_acknowledge(BytesView payload);

struct ChannelClosed {
  Uuid message_id{};
  WallTime created;
  std::string destination_id;
  std::string session_id;
  std::string output;  // empty for an orderly end, else why the session ended

  bool operator==(const ChannelClosed&) const = default;
};
std::string to_json(const ChannelClosed& closed);
// Members that are missing are left empty: the end of a session counts even when it is badly told.
Result<ChannelClosed> parse_channel_closed(BytesView payload);

struct TerminalSize {
  std::uint16_t columns = 80;
  std::uint16_t rows = 24;
  bool operator==(const TerminalSize&) const = default;
};
std::string to_json(TerminalSize size);
Result<TerminalSize> parse_terminal_size(BytesView payload);

enum class SessionState { connected, terminating };
std::string agent_session_state_json(SessionState state, std::string_view session_id);

// Payload type 12: the text "EXIT_CODE: <n>"; -1 where the command died by a signal.
std::string exit_code_text(int exit_code);
Result<int> parse_exit_code(BytesView payload);

// Payload type 10. Only port sessions give the values a meaning; others than these are kept.
namespace session_flag {
inline constexpr std::uint32_t disconnect_to_port = 1;
inline constexpr std::uint32_t terminate_session = 2;
inline constexpr std::uint32_t connect_to_port_error = 3;
}  // namespace session_flag
Bytes flag_bytes(std::uint32_t flag);
Result<std::uint32_t> parse_flag(BytesView payload);

}  // namespace ferry::wire
