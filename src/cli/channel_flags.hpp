// The flags of commands that enter a session which say how its connection is kept.
#pragma once

#include "base/result.hpp"
#include "cli/arguments.hpp"
#include "feature/channel_door.hpp"

#include <string>
#include <string_view>

namespace ferry::cli {

struct ChannelFlags {
  bool is_unsigned = false;
  std::string ping_interval;
};

// --unsigned-channel and --ping-interval.
void describe_channel_flags(Arguments& arguments, ChannelFlags& flags);

// What the flags say, else FERRY_UNSIGNED_CHANNEL (1 or 0) and FERRY_PING_INTERVAL. `command` names the
// command in failures (usage).
Result<feature::ChannelOptions> channel_options(std::string_view command, const ChannelFlags& flags);

}  // namespace ferry::cli
