// The doctor's findings as text for people and as JSON for programs. Pure.
#pragma once

#include "feature/doctor/finding.hpp"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::cli {

// A line each, what cannot be told for one reason on one line, then a fix for each wrong one.
std::string doctor_text(const std::vector<feature::Finding>& findings, bool has_colour);

// {"target", "findings": [{check, verdict, what, why, fixes}], "first_wrong"}; `fixes` and `first_wrong` may
// be null. Verdicts are "ok", "wrong" and "cannot_tell".
boost::json::object doctor_json(const std::string& target, const std::vector<feature::Finding>& findings);

}  // namespace ferry::cli
