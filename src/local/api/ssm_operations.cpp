#include "local/api/ssm_operations.hpp"

#include "local/api/input.hpp"
#include "local/api/shape.hpp"

#include <initializer_list>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kInputError = "ValidationException";

// The first value of a document parameter; empty where it is not given.
std::string parameter(const json::object& parameters, std::string_view name) {
  const std::vector<std::string> values = texts_of(parameters, name);
  return values.empty() ? std::string() : values.front();
}

std::optional<ServiceError> wrong_parameters(const json::object& parameters, std::string_view document,
                                             std::initializer_list<std::string_view> names) {
  for (const auto& member : parameters) {
    const std::string_view given = member.key();
    if (std::ranges::find(names, given) != names.end()) continue;
    return refuse("InvalidParameters", fmt::format("Document {} has no parameter {}.", document, given))
        .value();
  }
  if (names.size() != 0 && parameter(parameters, "command").empty()) {
    return refuse("InvalidParameters", fmt::format("Document {} needs the parameter command.", document))
        .value();
  }
  return std::nullopt;
}

// What the document that a StartSession names makes of its parameters: the documents' own session types, as
// the Session Manager user guide describes them.
tl::expected<SessionRequest, ServiceError> session_request(const json::object& input) {
  const std::string document = find_text(input, "DocumentName").value_or("SSM-SessionManagerRunShell");
  const json::object& parameters = structure_of(input, "Parameters");
  SessionRequest request;
  request.id_prefix = "ferry-local-";
  request.target = text_of(input, "Target");
  request.command = parameter(parameters, "command");
  std::optional<ServiceError> wrong;
  if (document == "SSM-SessionManagerRunShell") {
    request.kind = SessionRequest::Kind::standard_stream;
    wrong = wrong_parameters(parameters, document, {});
  } else if (document == "AWS-StartInteractiveCommand" || document == "AmazonECS-ExecuteInteractiveCommand") {
    request.kind = SessionRequest::Kind::interactive_commands;
    wrong = wrong_parameters(parameters, document, {"command"});
  } else if (document == "AWS-StartNonInteractiveCommand") {
    request.kind = SessionRequest::Kind::non_interactive_commands;
    request.separate_output = parameter(parameters, "separateOutputStream") == "true";
    wrong = wrong_parameters(parameters, document, {"command", "separateOutputStream"});
  } else {
    return refuse("InvalidDocument", fmt::format("Document with name {} does not exist.", document));
  }
  if (wrong) return tl::unexpected(std::move(*wrong));
  return request;
}

json::object shown_ticket(const SessionTicket& ticket, std::string_view stream_base) {
  return json::object{{"SessionId", ticket.session_id},
                      {"TokenValue", ticket.token_value},
                      {"StreamUrl", fmt::format("{}/v1/data-channel/{}?role=publish_subscribe", stream_base,
                                                ticket.session_id)}};
}

Answer start_session(SessionRegistry& sessions, std::string_view stream_base, const json::object& input) {
  if (auto missing = missing_member(input, {"Target"}, kInputError))
    return tl::unexpected(std::move(*missing));
  auto request = session_request(input);
  if (!request) return tl::unexpected(std::move(request.error()));
  const std::string target = request->target;
  const auto ticket = sessions.open(std::move(*request));
  if (ticket) return shown_ticket(*ticket, stream_base);
  if (ticket.error().code == FailureCode::refused) {
    return refuse("TargetNotConnected", ticket.error().what);
  }
  return refuse("TargetNotConnected", fmt::format("{} is not connected.", target));
}

Answer resume_session(SessionRegistry& sessions, std::string_view stream_base, const json::object& input) {
  if (auto missing = missing_member(input, {"SessionId"}, kInputError)) {
    return tl::unexpected(std::move(*missing));
  }
  const std::string id = text_of(input, "SessionId");
  const auto ticket = sessions.resume(id);
  if (ticket) return shown_ticket(*ticket, stream_base);
  return refuse("DoesNotExistException", fmt::format("Session {} does not exist or has ended.", id));
}

Answer terminate_session(SessionRegistry& sessions, const json::object& input) {
  if (auto missing = missing_member(input, {"SessionId"}, kInputError)) {
    return tl::unexpected(std::move(*missing));
  }
  // Ending a session that has ended is no error: clients do so when both ends hang up at once.
  const std::string id = text_of(input, "SessionId");
  sessions.terminate(id);
  return json::object{{"SessionId", id}};
}

}  // namespace

Operations ssm_operations(SessionRegistry& sessions, const std::string& stream_base) {
  Operations operations;
  operations["StartSession"] = shaped_at_once(
      R"({"Target": "string", "DocumentName": "string", "Reason": "string", "Parameters": {"*": ["string"]}})",
      [&sessions, stream_base](const json::object& input) {
        return start_session(sessions, stream_base, input);
      });
  operations["ResumeSession"] =
      shaped_at_once(R"({"SessionId": "string"})", [&sessions, stream_base](const json::object& input) {
        return resume_session(sessions, stream_base, input);
      });
  operations["TerminateSession"] =
      shaped_at_once(R"({"SessionId": "string"})",
                     [&sessions](const json::object& input) { return terminate_session(sessions, input); });
  return operations;
}

}  // namespace ferry::local
