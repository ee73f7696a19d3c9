// ExecuteCommand's response as a program in another language has it from its SDK.
// Pure. The text holds a secret, the token, which is in no failure.
#pragma once

#include "aws/ecs.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string_view>

namespace ferry::feature {

inline constexpr std::size_t kMaxExecResponse = 1'000'000;  // bytes

// JSON, with member names as the API spells them ("session") or as Go's SDKs do ("Session"), or the session
// object alone; other members are not looked at. Failures (usage): too large, no JSON, a member of the
// session is missing.
Result<aws::ecs::ExecSession> parse_exec_response(std::string_view text);

}  // namespace ferry::feature
