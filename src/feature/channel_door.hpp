// How a session's websockets are opened: as whom, and through which host. The loop's thread only.
#pragma once

#include "aws/client.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "net/task.hpp"
#include "session/data_channel.hpp"

#include <string>

namespace ferry::feature {

// What the user says of them.
struct ChannelOptions {
  bool is_unsigned = false;            // no signature, on purpose
  milliseconds ping_interval{30'000};  // above zero
  std::string endpoint;                // as session::ChannelDoor has it, where no client's settings say it
};

session::ConnectionTimes connection_times(const ChannelOptions& options);

// The client's credentials of this moment. Waits 20 s at most (`timed_out`), whatever they come from.
net::Task<Result<session::ChannelIdentity>> channel_identity(aws::Client& client);

// For a session of the task or cluster of that ARN, which may be empty. The client outlives it; where there
// is none, it says why, and connections are unsigned.
session::ChannelDoor channel_door(Result<aws::Client*> client, const ChannelOptions& options,
                                  std::string arn);

// What a user is told where they are: one line.
std::string unsigned_notice(const Failure& reason);

}  // namespace ferry::feature
