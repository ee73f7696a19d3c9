#include "wire/session_payloads.hpp"

#include "wire/json_object.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::wire {

namespace {

constexpr std::string_view exit_code_prefix = "EXIT_CODE:";

// A terminal's side as agents read it: what does not fit 16 bits is cut to the largest that does.
std::optional<std::uint16_t> side_member(const boost::json::object& object, std::string_view name) {
  const std::optional<std::int64_t> value = integer_member(object, name);
  if (!value || *value < 0) return std::nullopt;
  constexpr std::int64_t largest = std::numeric_limits<std::uint16_t>::max();
  return static_cast<std::uint16_t>(std::min(*value, largest));
}

}  // namespace

std::string to_json(const OpenDataChannel& open) {
  boost::json::object object;
  object["MessageSchemaVersion"] = "1.0";
  object["RequestId"] = open.request_id;
  object["TokenValue"] = open.token_value;
  object["ClientId"] = open.client_id;
  if (!open.client_version.empty()) object["ClientVersion"] = open.client_version;
  return boost::json::serialize(object);
}

Result<OpenDataChannel> parse_open_data_channel(std::string_view json) {
  const auto object = parse_object(json, "the request to open the data channel");
  if (!object) return fail(object.error());
  OpenDataChannel open{.request_id = text_member(*object, "RequestId"),
                       .token_value = text_member(*object, "TokenValue"),
                       .client_id = text_member(*object, "ClientId"),
                       .client_version = text_member(*object, "ClientVersion")};
  if (open.token_value.empty()) {
    return fail(FailureCode::protocol, "the request to open the data channel has no TokenValue");
  }
  return open;
}

std::string to_json(const Acknowledge& acknowledge) {
  boost::json::object object;
  object["AcknowledgedMessageType"] = acknowledge.message_type;
  object["AcknowledgedMessageId"] = uuid_text(acknowledge.message_id);
  object["AcknowledgedMessageSequenceNumber"] = acknowledge.sequence_number;
  object["IsSequentialMessage"] = true;
  return boost::json::serialize(object);
}

Result<Acknowledge> parse_acknowledge(BytesView payload) {
  const auto object = parse_object(as_text(payload), "an acknowledgement");
  if (!object) return fail(object.error());
  const auto sequence_number = integer_member(*object, "AcknowledgedMessageSequenceNumber");
  if (!sequence_number) {
    return fail(FailureCode::protocol, "an acknowledgement has no AcknowledgedMessageSequenceNumber");
  }
  return Acknowledge{.message_type = text_member(*object, "AcknowledgedMessageType"),
                     .message_id = parse_uuid(text_member(*object, "AcknowledgedMessageId")).value_or(Uuid{}),
                     .sequence_number = *sequence_number};
}

std::string to_json(const ChannelClosed& closed) {
  boost::json::object object;
  object["MessageId"] = uuid_text(closed.message_id);
  object["CreatedDate"] = fmt::format("{}", closed.created.time_since_epoch().count());
  object["DestinationId"] = closed.destination_id;
  object["SessionId"] = closed.session_id;
  object["MessageType"] = "channel_closed";
  object["SchemaVersion"] = 1;
  object["Output"] = closed.output;
  return boost::json::serialize(object);
}

Result<ChannelClosed> parse_channel_closed(BytesView payload) {
  const auto object = parse_object(as_text(payload), "the message that the channel is closed");
  if (!object) return fail(object.error());
  const auto created_ms = parse_integer(text_member(*object, "CreatedDate"));
  return ChannelClosed{.message_id = parse_uuid(text_member(*object, "MessageId")).value_or(Uuid{}),
                       .created = WallTime(milliseconds(created_ms.value_or(0))),
                       .destination_id = text_member(*object, "DestinationId"),
                       .session_id = text_member(*object, "SessionId"),
                       .output = text_member(*object, "Output")};
}

std::string to_json(TerminalSize size) {
  return fmt::format(R"({{"cols":{},"rows":{}}})", size.columns, size.rows);
}

Result<TerminalSize> parse_terminal_size(BytesView payload) {
  const auto object = parse_object(as_text(payload), "a terminal size");
  if (!object) return fail(object.error());
  const auto columns = side_member(*object, "cols");
  const auto rows = side_member(*object, "rows");
  if (!columns || !rows) return fail(FailureCode::protocol, "a terminal size has no valid cols and rows");
  return TerminalSize{.columns = *columns, .rows = *rows};
}

std::string agent_session_state_json(SessionState state, std::string_view session_id) {
  boost::json::object object;
  object["SchemaVersion"] = 1;
  object["SessionState"] = state == SessionState::connected ? "Connected" : "Terminating";
  object["SessionId"] = session_id;
  return boost::json::serialize(object);
}

std::string exit_code_text(int exit_code) {
  return fmt::format("{} {}", exit_code_prefix, exit_code);
}

Result<int> parse_exit_code(BytesView payload) {
  const std::string_view text = as_text(payload);
  if (text.starts_with(exit_code_prefix)) {
    const auto number = parse_integer(trim(text.substr(exit_code_prefix.size())));
    if (number && std::in_range<int>(*number)) return static_cast<int>(*number);
  }
  return fail(FailureCode::protocol, "the message with the exit code has no readable code");
}

Bytes flag_bytes(std::uint32_t flag) {
  return {static_cast<std::uint8_t>(flag >> 24U), static_cast<std::uint8_t>(flag >> 16U),
          static_cast<std::uint8_t>(flag >> 8U), static_cast<std::uint8_t>(flag)};
}

Result<std::uint32_t> parse_flag(BytesView payload) {
  if (payload.size() != sizeof(std::uint32_t)) {
    return fail(FailureCode::protocol, fmt::format("a flag of {} bytes instead of 4", payload.size()));
  }
  std::uint32_t flag = 0;
  for (const std::uint8_t byte : payload) flag = (flag << 8U) | byte;
  return flag;
}

}  // namespace ferry::wire
