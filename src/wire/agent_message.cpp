#include "wire/agent_message.hpp"

#include "wire/digest.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <concepts>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::wire {

namespace {

// Offsets in the header; all integers are big-endian.
constexpr std::size_t header_length_at = 0;
constexpr std::size_t type_at = 4;
constexpr std::size_t type_bytes = 32;
constexpr std::size_t schema_version_at = 36;
constexpr std::size_t created_at = 40;
constexpr std::size_t sequence_number_at = 48;
constexpr std::size_t flags_at = 56;
constexpr std::size_t id_at = 64;
constexpr std::size_t digest_at = 80;
constexpr std::size_t payload_type_at = 112;
constexpr std::size_t payload_length_at = 116;

// The header's own count ends before the payload length.
constexpr std::uint32_t header_length = payload_length_at;

template <std::unsigned_integral T>
void put(Bytes& bytes, std::size_t at, T value) {
  for (std::size_t index = 0; index < sizeof(T); ++index) {
    bytes[at + index] = static_cast<std::uint8_t>(value >> (8 * (sizeof(T) - 1 - index)));
  }
}

template <std::unsigned_integral T>
T get(BytesView bytes, std::size_t at) {
  T value = 0;
  for (std::size_t index = 0; index < sizeof(T); ++index) {
    value = static_cast<T>((value << 8U) | bytes[at + index]);
  }
  return value;
}

// On the wire the second half of a UUID comes first.
Uuid swap_halves(Uuid uuid) {
  std::ranges::rotate(uuid, uuid.begin() + uuid.size() / 2);
  return uuid;
}

// Peers pad with blanks; some pad with NULs, which both stock parsers take away first.
std::string_view read_type(BytesView bytes) {
  std::string_view text = as_text(bytes.subspan(type_at, type_bytes));
  while (text.starts_with('\0')) text.remove_prefix(1);
  while (text.ends_with('\0')) text.remove_suffix(1);
  return trim(text);
}

bool is_type_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// created_ms fits a WallTime only up to here; beyond is a date no peer can mean.
constexpr std::uint64_t max_created_ms = std::uint64_t{1} << 60U;

std::optional<std::string> why_invalid(BytesView bytes, std::uint64_t created_ms, DigestCheck digest_check) {
  const BytesView payload = bytes.subspan(message_header_bytes);
  const auto payload_length = get<std::uint32_t>(bytes, payload_length_at);
  if (payload_length != payload.size()) {
    return fmt::format("it announces {} bytes of payload and carries {}", payload_length, payload.size());
  }
  if (created_ms == 0 || created_ms > max_created_ms) return "it has no valid date";
  if (digest_check == DigestCheck::verify && !payload.empty()) {
    const Digest expected = sha256(payload);
    if (!std::ranges::equal(expected, bytes.subspan(digest_at, expected.size()))) {
      return "its payload does not match its digest";
    }
  }
  return std::nullopt;
}

}  // namespace

Bytes encode(const AgentMessage& message) {
  assert(!message.type.empty() && message.type.size() <= type_bytes);
  assert(message.payload.size() <= max_message_bytes - message_header_bytes);
  Bytes bytes(message_header_bytes);
  put(bytes, header_length_at, header_length);
  std::fill_n(bytes.begin() + type_at, type_bytes, std::uint8_t{' '});
  std::ranges::copy(as_bytes(message.type).first(std::min(message.type.size(), type_bytes)),
                    bytes.begin() + type_at);
  put(bytes, schema_version_at, message.schema_version);
  put(bytes, created_at, static_cast<std::uint64_t>(message.created.time_since_epoch().count()));
  put(bytes, sequence_number_at, std::bit_cast<std::uint64_t>(message.sequence_number));
  put(bytes, flags_at, message.flags);
  std::ranges::copy(swap_halves(message.id), bytes.begin() + id_at);
  std::ranges::copy(sha256(message.payload), bytes.begin() + digest_at);
  put(bytes, payload_type_at, std::to_underlying(message.payload_type));
  put(bytes, payload_length_at, static_cast<std::uint32_t>(message.payload.size()));
  bytes.insert(bytes.end(), message.payload.begin(), message.payload.end());
  return bytes;
}

Result<AgentMessage> decode(BytesView bytes, DigestCheck digest_check) {
  if (bytes.size() < message_header_bytes || bytes.size() > max_message_bytes) {
    return fail(FailureCode::protocol, fmt::format("a session message of {} bytes is not one of {} to {}",
                                                   bytes.size(), message_header_bytes, max_message_bytes));
  }
  if (const auto length = get<std::uint32_t>(bytes, header_length_at); length != header_length) {
    return fail(FailureCode::protocol, fmt::format("a session message has a header of {} bytes instead of {}",
                                                   length, header_length));
  }
  AgentMessage message;
  message.type = read_type(bytes);
  if (!is_type_name(message.type))
    return fail(FailureCode::protocol, "a session message has no readable type");
  const auto created_ms = get<std::uint64_t>(bytes, created_at);
  const bool is_only_a_header =
      message.type == message_type::start_publication || message.type == message_type::pause_publication;
  if (!is_only_a_header) {
    if (const auto reason = why_invalid(bytes, created_ms, digest_check)) {
      return fail(FailureCode::protocol,
                  fmt::format("a session message of type {} is refused: {}", message.type, *reason));
    }
  }
  message.schema_version = get<std::uint32_t>(bytes, schema_version_at);
  message.created = WallTime(milliseconds(std::min(created_ms, max_created_ms)));
  message.sequence_number = std::bit_cast<std::int64_t>(get<std::uint64_t>(bytes, sequence_number_at));
  message.flags = get<std::uint64_t>(bytes, flags_at);
  std::ranges::copy(bytes.subspan(id_at, message.id.size()), message.id.begin());
  message.id = swap_halves(message.id);
  message.payload_type = PayloadType{get<std::uint32_t>(bytes, payload_type_at)};
  message.payload.assign(bytes.begin() + message_header_bytes, bytes.end());
  return message;
}

}  // namespace ferry::wire
