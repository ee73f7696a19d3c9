// Fuzzing input read as what a hostile peer does over time: messages with any type, number and payload, raw
// bytes that are no message, and time that passes.
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"
#include "wire/agent_message.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ferry::fuzz {

class SessionScript {
 public:
  explicit SessionScript(BytesView bytes) : rest_(bytes) {}

  // The next websocket message; nullopt at the end of the script.
  std::optional<Bytes> next() {
    if (rest_.size() < 5) return std::nullopt;
    const std::uint8_t kind = byte();
    const std::uint8_t payload_type = byte();
    const std::uint8_t number = byte();
    now_ += milliseconds(byte() * 16);
    const BytesView payload = rest_.first(std::min<std::size_t>(byte(), rest_.size()));
    rest_ = rest_.subspan(payload.size());
    if (kind >= types.size()) return Bytes(payload.begin(), payload.end());
    wire::AgentMessage message;
    message.type = types[kind];
    message.created = WallTime(milliseconds(1));
    message.sequence_number = static_cast<std::int8_t>(number);
    message.payload_type = wire::PayloadType{payload_type};
    message.payload.assign(payload.begin(), payload.end());
    return encode(message);
  }

  [[nodiscard]] Instant now() const { return now_; }

 private:
  static constexpr std::array<std::string_view, 8> types = {
      wire::message_type::input_stream_data,   wire::message_type::output_stream_data,
      wire::message_type::acknowledge,         wire::message_type::channel_closed,
      wire::message_type::start_publication,   wire::message_type::pause_publication,
      wire::message_type::agent_session_state, "unheard_of"};

  std::uint8_t byte() {
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }

  BytesView rest_;
  Instant now_{milliseconds(1'000'000)};
};

// The same at each run.
inline wire::UuidSource repeated_uuid() {
  return [] { return wire::Uuid{}; };
}

}  // namespace ferry::fuzz
