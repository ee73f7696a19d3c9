// A command's result as the one JSON object that -o json prints and --result-file writes; docs/result.md is
// its schema. Pure.
#pragma once

#include "feature/result.hpp"

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::feature {

// "exited", "timeout", "interrupted", "lost", "not_started", "unknown", "detached".
std::string_view outcome_name(Outcome outcome);

// Every member of the schema is there; what is not known is null.
boost::json::object result_to_json(const CommandResult& result);
// The same as text, on one line without its end.
std::string result_json_line(const CommandResult& result);

}  // namespace ferry::feature
