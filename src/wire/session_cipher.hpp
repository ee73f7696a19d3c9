// Encryption of a session's payloads with a KMS data key: AES-256-GCM without additional data.
// A ciphertext is a 12-byte nonce, the encrypted bytes, a 16-byte tag. Source: the key layout and the message
// layout of amazon-ssm-agent's and session-manager-plugin's crypto packages. Pure; not thread-safe.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace ferry::wire {

// What KMS gives for a session: 64 secret bytes and the text that only KMS can turn back into them.
struct DataKey {
  Bytes plaintext;   // kDataKeyBytes
  Bytes ciphertext;  // KMS's CiphertextBlob
};
inline constexpr std::size_t kDataKeyBytes = 64;

inline constexpr std::size_t kNonceBytes = 12;
using Nonce = std::array<std::uint8_t, kNonceBytes>;
// Gives a nonce that it has never given before; random ones do for far more messages than a session has.
using NonceSource = std::function<Nonce()>;

// Overwrites a secret that is no longer needed.
void wipe(Bytes& secret);

enum class SessionRole { client, agent };

// One end of an encrypted session: the first half of the key is agent to client, the second client to agent.
// Owns the keys and wipes them.
class SessionCipher {
 public:
  // `plaintext_key` has kDataKeyBytes bytes; otherwise a `protocol` failure.
  static Result<SessionCipher> make(SessionRole role, BytesView plaintext_key);
  ~SessionCipher();
  SessionCipher(SessionCipher&& other) noexcept;
  SessionCipher& operator=(SessionCipher&& other) noexcept;

  // `nonce` must never be used twice by this end of this session.
  [[nodiscard]] Result<Bytes> seal(BytesView plaintext, const Nonce& nonce) const;
  // Failure `protocol`: too short, or not what the other end sealed.
  [[nodiscard]] Result<Bytes> open(BytesView ciphertext) const;

 private:
  SessionCipher(Bytes seal_key, Bytes open_key);
  Bytes seal_key_, open_key_;
};

}  // namespace ferry::wire
