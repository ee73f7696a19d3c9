// The subcommands of `ferry local`; local_command.cpp chooses among them.
#pragma once

#include "base/result.hpp"
#include "cli/commands.hpp"

#include <cstdint>

namespace ferry::cli {

inline constexpr std::uint16_t kDefaultLocalPort = 5319;

Result<int> local_up_command(Words words);      // local_up_command.cpp
Result<int> local_status_command(Words words);  // local_command.cpp
Result<int> local_down_command(Words words);    // local_command.cpp
Result<int> local_env_command(Words words);     // local_command.cpp

}  // namespace ferry::cli
