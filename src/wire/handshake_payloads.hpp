// The messages of the handshake as values, their JSON and back. Pure, thread-safe; bounded by the message
// around them and max_handshake_actions. Parsers fail with `protocol`.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::wire {

namespace session_type {
inline constexpr std::string_view standard_stream = "Standard_Stream";
inline constexpr std::string_view interactive_commands = "InteractiveCommands";
inline constexpr std::string_view non_interactive_commands = "NonInteractiveCommands";
inline constexpr std::string_view port = "Port";
}  // namespace session_type

namespace action_type {
inline constexpr std::string_view session_type = "SessionType";
inline constexpr std::string_view kms_encryption = "KMSEncryption";
}  // namespace action_type

inline constexpr std::size_t max_handshake_actions = 16;

// What the agent asks the client to do before the session begins.
struct RequestedAction {
  std::string type;
  std::string session_type;  // of the SessionType action, else empty
  // Of the KMSEncryption action, else empty. Only KMS ever reads the challenge: it is text to both ends.
  std::string kms_key_id, kms_challenge;
  bool operator==(const RequestedAction&) const = default;
};

struct HandshakeRequest {
  std::string agent_version;
  std::vector<RequestedAction> actions;
  bool operator==(const HandshakeRequest&) const = default;
};
// Writes SessionType and KMSEncryption actions only.
std::string to_json(const HandshakeRequest& request);
Result<HandshakeRequest> parse_handshake_request(BytesView payload);

enum class ActionStatus { success = 1, failed = 2, unsupported = 3 };

struct ProcessedAction {
  std::string type;
  ActionStatus status = ActionStatus::success;
  std::string error;
  // KMSEncryption only: the data key as KMS encrypted it, for the agent to have it decrypted.
  Bytes encrypted_data_key;
  bool operator==(const ProcessedAction&) const = default;
};

struct HandshakeResponse {
  std::string client_version;
  std::vector<ProcessedAction> actions;
  bool operator==(const HandshakeResponse&) const = default;
};
std::string to_json(const HandshakeResponse& response);
// A missing data key is left empty; one that is no base64 is a failure. A status that is none of the three is
// read as `unsupported`.
Result<HandshakeResponse> parse_handshake_response(BytesView payload);

// Proves that both ends hold the same key, before anything else is encrypted: the agent sends random bytes
// encrypted with its key (type 8), the client returns the same bytes encrypted with its own (type 9).
struct EncryptionChallenge {
  Bytes ciphertext;
  bool operator==(const EncryptionChallenge&) const = default;
};
inline constexpr std::size_t encryption_challenge_bytes = 64;  // before encryption
std::string to_json(const EncryptionChallenge& challenge);
Result<EncryptionChallenge> parse_encryption_challenge(BytesView payload);

struct HandshakeComplete {
  std::chrono::nanoseconds time_to_complete{0};
  std::string customer_message;  // for the user to read; may be empty
  bool operator==(const HandshakeComplete&) const = default;
};
std::string to_json(const HandshakeComplete& complete);
Result<HandshakeComplete> parse_handshake_complete(BytesView payload);

}  // namespace ferry::wire
