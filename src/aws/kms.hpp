// The KMS operation that an encrypted session needs, typed. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "base/text.hpp"
#include "net/task.hpp"

#include <cstddef>
#include <map>
#include <string>

namespace ferry::aws::kms {

struct DataKey {
  Bytes plaintext, ciphertext;
};
// `byte_count` 1 to 1024. The context must be the same when the ciphertext is decrypted.
net::Task<Result<DataKey>> generate_data_key(Client& client, std::string key_id, std::size_t byte_count,
                                             std::map<std::string, std::string> encryption_context);

}  // namespace ferry::aws::kms
