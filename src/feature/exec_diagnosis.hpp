// Why a session was refused: the service's code tells little, the doctor's first finding tells the cause.
// The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "feature/target.hpp"
#include "net/task.hpp"

#include <string>

namespace ferry::feature {

// The refusal with what the doctor finds wrong first as its hint, and where the fix is; as it was where
// nothing is found. Takes the calls of gather() (feature/doctor/gather.hpp), each optional.
net::Task<Failure> diagnose_refusal(aws::Client& client, Target target, std::string container,
                                    Failure refusal);

}  // namespace ferry::feature
