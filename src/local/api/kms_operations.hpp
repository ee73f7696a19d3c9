// GenerateDataKey, Decrypt and DescribeKey of KMS, for encrypted sessions: whatever key is named exists.
#pragma once

#include "local/api/operation.hpp"
#include "local/keys/key_service.hpp"

namespace ferry::local {

Operations kms_operations(const KeyService& keys);

}  // namespace ferry::local
