#include "local/keys/key_service.hpp"

#include "local/api/arn.hpp"
#include "sys/random.hpp"
#include "wire/digest.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace ferry::local {
namespace {

// A ciphertext: version, length of the key's ARN (2 bytes, big-endian), the ARN, a nonce, AES-256-GCM of the
// data key, its tag. All before the nonce and the encryption context are the additional data.
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kFixedBytes = 3;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

int length(BytesView bytes) {
  return static_cast<int>(bytes.size());
}

void append_sized(Bytes& to, std::string_view text) {
  constexpr int byte_bits = 8;
  for (int shift = 24; shift >= 0; shift -= byte_bits)
    to.push_back(static_cast<std::uint8_t>(text.size() >> static_cast<unsigned>(shift)));
  to.insert(to.end(), text.begin(), text.end());
}

// Unambiguous: pairs in the map's order, each text behind its length.
Bytes additional_data(BytesView header, const EncryptionContext& context) {
  Bytes data(header.begin(), header.end());
  for (const auto& [name, value] : context) {
    append_sized(data, name);
    append_sized(data, value);
  }
  return data;
}

Bytes seal(BytesView key, BytesView nonce, BytesView additional, BytesView plaintext) {
  const Cipher cipher(EVP_CIPHER_CTX_new());
  Bytes sealed(plaintext.size() + kTagBytes);
  int written = 0;
  [[maybe_unused]] const bool is_sealed =
      cipher != nullptr &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &written, additional.data(), length(additional)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), sealed.data(), &written, plaintext.data(), length(plaintext)) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), sealed.data() + written, &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, sealed.data() + plaintext.size()) ==
          1;
  assert(is_sealed);
  return sealed;
}

std::optional<Bytes> open(BytesView key, BytesView nonce, BytesView additional, BytesView sealed) {
  const BytesView text = sealed.first(sealed.size() - kTagBytes);
  Bytes tag(sealed.end() - static_cast<std::ptrdiff_t>(kTagBytes), sealed.end());
  const Cipher cipher(EVP_CIPHER_CTX_new());
  Bytes plaintext(text.size());
  int written = 0;
  const bool is_genuine =
      cipher != nullptr &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &written, additional.data(), length(additional)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), plaintext.data(), &written, text.data(), length(text)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), plaintext.data() + written, &written) == 1;
  if (!is_genuine) return std::nullopt;
  return plaintext;
}

// An id in the form of a key's, always the same for one name.
std::string key_id_for(std::string_view name) {
  const std::string digits = hex(wire::sha256(as_bytes(name)));
  const std::string_view view = digits;
  return fmt::format("{}-{}-{}-{}-{}", view.substr(0, 8), view.substr(8, 4), view.substr(12, 4),
                     view.substr(16, 4), view.substr(20, 12));
}

}  // namespace

KeyService::KeyService(std::string_view secret, std::string region) : region_(std::move(region)) {
  const wire::Digest digest = wire::hmac_sha256(as_bytes(secret), as_bytes("ferry local data keys"));
  secret_.assign(digest.begin(), digest.end());
}

std::string KeyService::key_arn(std::string_view reference) const {
  constexpr std::string_view alias_prefix = "alias/";
  const std::optional<Arn> arn = parse_arn(reference);
  const std::string_view resource = arn ? std::string_view(arn->resource) : reference;
  const std::string_view region = arn ? std::string_view(arn->region) : std::string_view(region_);
  if (resource.starts_with(alias_prefix))
    return make_arn("kms", region, fmt::format("key/{}", key_id_for(resource)));
  return arn ? std::string(reference) : make_arn("kms", region, fmt::format("key/{}", resource));
}

KeyService::DataKey KeyService::make_data_key(std::string_view key, std::size_t bytes,
                                              const EncryptionContext& context) const {
  constexpr unsigned byte_bits = 8;
  DataKey made{.key_arn = key_arn(key), .plaintext = sys::random_bytes(bytes), .ciphertext = {}};
  const std::size_t size = made.key_arn.size();
  made.ciphertext = {kVersion, static_cast<std::uint8_t>(size >> byte_bits), static_cast<std::uint8_t>(size)};
  made.ciphertext.insert(made.ciphertext.end(), made.key_arn.begin(), made.key_arn.end());
  const Bytes additional = additional_data(made.ciphertext, context);
  const Bytes nonce = sys::random_bytes(kNonceBytes);
  const Bytes sealed = seal(secret_, nonce, additional, made.plaintext);
  made.ciphertext.insert(made.ciphertext.end(), nonce.begin(), nonce.end());
  made.ciphertext.insert(made.ciphertext.end(), sealed.begin(), sealed.end());
  return made;
}

Result<KeyService::Opened> KeyService::decrypt(BytesView ciphertext, const EncryptionContext& context) const {
  constexpr std::size_t byte_values = 256;
  const Failure refusal{.code = FailureCode::refused,
                        .what = "the ciphertext was not made here, or with another encryption context",
                        .hint = {},
                        .service_code = {}};
  if (ciphertext.size() < kFixedBytes || ciphertext[0] != kVersion) return fail(refusal);
  const std::size_t header_bytes = kFixedBytes + ciphertext[1] * byte_values + ciphertext[2];
  if (ciphertext.size() < header_bytes + kNonceBytes + kTagBytes) return fail(refusal);
  const BytesView header = ciphertext.first(header_bytes);
  std::optional<Bytes> plaintext =
      open(secret_, ciphertext.subspan(header_bytes, kNonceBytes), additional_data(header, context),
           ciphertext.subspan(header_bytes + kNonceBytes));
  if (!plaintext) return fail(refusal);
  return Opened{.key_arn = std::string(as_text(header.subspan(kFixedBytes))),
                .plaintext = std::move(*plaintext)};
}

}  // namespace ferry::local
