// The AWS query protocol as STS speaks it: a form in, XML out ("AWS query protocol" of the Smithy
// specification). Pure.
#pragma once

#include "local/api/operation.hpp"

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

// The form's Action; empty where it has none.
std::string form_action(std::string_view body);
// All members but Action and Version, as texts, or MalformedQueryString.
Answer form_members(std::string_view body);

// The members of `answer` must be texts, or structures of texts.
std::string query_answer_xml(std::string_view action, const boost::json::object& answer,
                             std::string_view request_id);
// Names the error as the query protocol does: without "Exception", and by its own codes for signatures.
std::string query_error_xml(const ServiceError& error, std::string_view request_id);

}  // namespace ferry::local
