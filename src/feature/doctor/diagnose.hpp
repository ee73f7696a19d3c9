// From facts to findings: what stands in the way of exec, and how it is put right. Pure.
#pragma once

#include "feature/doctor/facts.hpp"
#include "feature/doctor/finding.hpp"

#include <string_view>
#include <vector>

namespace ferry::feature {

// Every check that applies, in the order of causes: the first `wrong` one is the root of what follows. Where
// the target is not there, nothing after it is judged.
std::vector<Finding> diagnose(const Facts& facts);

// The check of the right to open a session's channel. ExecuteCommand is not refused for want of that right:
// only the session is, which follows.
inline constexpr std::string_view kChannelCheck = "channel";

// Null where nothing is wrong.
const Finding* first_wrong(const std::vector<Finding>& findings);

}  // namespace ferry::feature
