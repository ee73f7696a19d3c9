#include "wire/session_cipher.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace ferry::wire {

namespace {

constexpr std::size_t tag_bytes = 16;
constexpr std::size_t half_key_bytes = kDataKeyBytes / 2;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// OpenSSL takes lengths as int; whatever fits into a message does.
int length_of(BytesView bytes) {
  return static_cast<int>(bytes.size());
}

tl::unexpected<Failure> cannot(std::string_view what) {
  return fail(FailureCode::local_system,
              fmt::format("OpenSSL cannot {} a session's payload with AES-256-GCM", what));
}

}  // namespace

void wipe(Bytes& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
}

SessionCipher::SessionCipher(Bytes seal_key, Bytes open_key)
    : seal_key_(std::move(seal_key)), open_key_(std::move(open_key)) {}

SessionCipher::SessionCipher(SessionCipher&& other) noexcept
    : seal_key_(std::exchange(other.seal_key_, {})), open_key_(std::exchange(other.open_key_, {})) {}

// The other one wipes what was ours.
SessionCipher& SessionCipher::operator=(SessionCipher&& other) noexcept {
  std::swap(seal_key_, other.seal_key_);
  std::swap(open_key_, other.open_key_);
  return *this;
}

SessionCipher::~SessionCipher() {
  wipe(seal_key_);
  wipe(open_key_);
}

Result<SessionCipher> SessionCipher::make(SessionRole role, BytesView plaintext_key) {
  if (plaintext_key.size() != kDataKeyBytes) {
    return fail(FailureCode::protocol, fmt::format("a session's data key has {} bytes instead of {}",
                                                   plaintext_key.size(), kDataKeyBytes));
  }
  const BytesView of_agent = plaintext_key.first(half_key_bytes);
  const BytesView of_client = plaintext_key.last(half_key_bytes);
  Bytes agent_key(of_agent.begin(), of_agent.end());
  Bytes client_key(of_client.begin(), of_client.end());
  if (role == SessionRole::agent) return SessionCipher(std::move(agent_key), std::move(client_key));
  return SessionCipher(std::move(client_key), std::move(agent_key));
}

Result<Bytes> SessionCipher::seal(BytesView plaintext, const Nonce& nonce) const {
  Bytes sealed(kNonceBytes + plaintext.size() + tag_bytes);
  std::ranges::copy(nonce, sealed.begin());
  std::uint8_t* const encrypted = sealed.data() + kNonceBytes;
  std::uint8_t* const tag = encrypted + plaintext.size();
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool is_sealed =
      context != nullptr &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, seal_key_.data(), nonce.data()) == 1 &&
      EVP_EncryptUpdate(context.get(), encrypted, &written, plaintext.data(), length_of(plaintext)) == 1 &&
      EVP_EncryptFinal_ex(context.get(), encrypted + written, &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_bytes), tag) == 1;
  if (!is_sealed) return cannot("encrypt");
  return sealed;
}

Result<Bytes> SessionCipher::open(BytesView ciphertext) const {
  if (ciphertext.size() < kNonceBytes + tag_bytes) {
    return fail(FailureCode::protocol,
                fmt::format("an encrypted payload of {} bytes is too short", ciphertext.size()));
  }
  const BytesView encrypted = ciphertext.subspan(kNonceBytes, ciphertext.size() - kNonceBytes - tag_bytes);
  Bytes tag(ciphertext.end() - tag_bytes, ciphertext.end());
  Bytes plaintext(encrypted.size());
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool is_decrypted =
      context != nullptr &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, open_key_.data(), ciphertext.data()) ==
          1 &&
      EVP_DecryptUpdate(context.get(), plaintext.data(), &written, encrypted.data(), length_of(encrypted)) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_bytes), tag.data()) == 1;
  if (!is_decrypted) return cannot("decrypt");
  int rest = 0;
  if (EVP_DecryptFinal_ex(context.get(), plaintext.data() + written, &rest) != 1) {
    return fail(FailureCode::protocol,
                "an encrypted payload was not made with this session's key, or was changed",
                "the two ends must have got the same data key from KMS");
  }
  return plaintext;
}

}  // namespace ferry::wire
