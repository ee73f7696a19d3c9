#include "wire/digest.hpp"

#include <cstdlib>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace ferry::wire {

Digest sha256(BytesView bytes) {
  Digest digest{};
  unsigned length = 0;
  // Fails only without memory or without the default provider: nothing could go on after either.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    std::abort();
  return digest;
}

std::array<std::uint8_t, 20> sha1(BytesView bytes) {
  std::array<std::uint8_t, 20> digest{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha1(), nullptr) != 1) std::abort();
  return digest;
}

Digest hmac_sha256(BytesView key, BytesView bytes) {
  Digest digest{};
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(), digest.data(),
           &length) == nullptr) {
    std::abort();
  }
  return digest;
}

}  // namespace ferry::wire
