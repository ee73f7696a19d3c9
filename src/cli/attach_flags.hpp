// The flags of `ferry run` that say how its command is entered.
#pragma once

#include "base/result.hpp"
#include "cli/arguments.hpp"
#include "cli/channel_flags.hpp"
#include "cli/terminal_flags.hpp"
#include "feature/run/attach.hpp"

#include <optional>

namespace ferry::cli {

struct AttachFlags {
  bool attach = false;
  TerminalFlags streams;
  ChannelFlags channel;
};

void describe_attach_flags(Arguments& arguments, AttachFlags& flags);

// Nothing without --attach. FERRY_ATTACH_LIMITS, three whole numbers of seconds with commas, changes the
// times of HolderLimits and AttachOptions::silence. Failures are `usage`.
Result<std::optional<feature::AttachOptions>> attach_options(AttachFlags flags, bool wants_json);

}  // namespace ferry::cli
