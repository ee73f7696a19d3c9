// Data keys as KMS makes them: random bytes together with a text that only this endpoint can turn back into
// them. There is no key management behind it: whatever key is named exists, whoever may call may use it.
// Owns the secret that seals the texts; keeps nothing about single keys. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace ferry::local {

// KMS's EncryptionContext: needed again, pair for pair, to get a key back.
using EncryptionContext = std::map<std::string, std::string, std::less<>>;

class KeyService {
 public:
  // What is sealed with one `secret` opens with the same one only, also in a later run.
  KeyService(std::string_view secret, std::string region);

  // The ARN of the key that a key id, key ARN, alias or alias ARN means. The key behind an alias is always
  // the same one.
  [[nodiscard]] std::string key_arn(std::string_view reference) const;

  struct DataKey {
    std::string key_arn;
    Bytes plaintext;
    Bytes ciphertext;  // self-contained; unguessable and unchangeable
  };
  [[nodiscard]] DataKey make_data_key(std::string_view key, std::size_t bytes,
                                      const EncryptionContext& context) const;

  struct Opened {
    std::string key_arn;
    Bytes plaintext;
  };
  // Failure refused: not sealed here, changed since, or sealed with another context.
  [[nodiscard]] Result<Opened> decrypt(BytesView ciphertext, const EncryptionContext& context) const;

 private:
  Bytes secret_;
  std::string region_;
};

}  // namespace ferry::local
