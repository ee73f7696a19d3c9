#include "wire/handshake_payloads.hpp"

#include "wire/json_object.hpp"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::wire {

namespace {

// The objects of an array of actions; `what` names the message around it.
Result<std::vector<const boost::json::object*>> read_actions(const boost::json::object& message,
                                                             std::string_view name, std::string_view what) {
  const boost::json::array* array = array_member(message, name);
  if (array == nullptr) return fail(FailureCode::protocol, fmt::format("{} has no {}", what, name));
  if (array->size() > max_handshake_actions) {
    return fail(FailureCode::protocol,
                fmt::format("{} has {} actions, more than {}", what, array->size(), max_handshake_actions));
  }
  std::vector<const boost::json::object*> actions;
  for (const boost::json::value& value : *array) {
    const boost::json::object* action = value.if_object();
    if (action == nullptr || text_member(*action, "ActionType").empty()) {
      return fail(FailureCode::protocol, fmt::format("{} has an action without ActionType", what));
    }
    actions.push_back(action);
  }
  return actions;
}

ActionStatus read_status(const boost::json::object& action) {
  switch (integer_member(action, "ActionStatus").value_or(0)) {
    case std::to_underlying(ActionStatus::success):
      return ActionStatus::success;
    case std::to_underlying(ActionStatus::failed):
      return ActionStatus::failed;
    default:
      return ActionStatus::unsupported;
  }
}

}  // namespace

std::string to_json(const HandshakeRequest& request) {
  boost::json::array actions;
  for (const RequestedAction& action : request.actions) {
    boost::json::object parameters;
    parameters["SessionType"] = action.session_type;
    parameters["Properties"] = nullptr;
    boost::json::object object;
    object["ActionType"] = action.type;
    object["ActionParameters"] = std::move(parameters);
    actions.push_back(std::move(object));
  }
  boost::json::object object;
  object["AgentVersion"] = request.agent_version;
  object["RequestedClientActions"] = std::move(actions);
  return boost::json::serialize(object);
}

Result<HandshakeRequest> parse_handshake_request(BytesView payload) {
  constexpr std::string_view what = "the handshake request";
  const auto object = parse_object(as_text(payload), what);
  if (!object) return fail(object.error());
  const auto actions = read_actions(*object, "RequestedClientActions", what);
  if (!actions) return fail(actions.error());
  HandshakeRequest request{.agent_version = text_member(*object, "AgentVersion"), .actions = {}};
  for (const boost::json::object* action : *actions) {
    const boost::json::object* parameters = object_member(*action, "ActionParameters");
    request.actions.push_back(
        {.type = text_member(*action, "ActionType"),
         .session_type = parameters == nullptr ? std::string() : text_member(*parameters, "SessionType")});
  }
  return request;
}

std::string to_json(const HandshakeResponse& response) {
  boost::json::array actions;
  for (const ProcessedAction& action : response.actions) {
    boost::json::object object;
    object["ActionType"] = action.type;
    object["ActionStatus"] = std::to_underlying(action.status);
    object["ActionResult"] = nullptr;
    object["Error"] = action.error;
    actions.push_back(std::move(object));
  }
  boost::json::object object;
  object["ClientVersion"] = response.client_version;
  object["ProcessedClientActions"] = std::move(actions);
  object["Errors"] = nullptr;
  return boost::json::serialize(object);
}

Result<HandshakeResponse> parse_handshake_response(BytesView payload) {
  constexpr std::string_view what = "the handshake response";
  const auto object = parse_object(as_text(payload), what);
  if (!object) return fail(object.error());
  const auto actions = read_actions(*object, "ProcessedClientActions", what);
  if (!actions) return fail(actions.error());
  HandshakeResponse response{.client_version = text_member(*object, "ClientVersion"), .actions = {}};
  for (const boost::json::object* action : *actions) {
    response.actions.push_back({.type = text_member(*action, "ActionType"),
                                .status = read_status(*action),
                                .error = text_member(*action, "Error")});
  }
  return response;
}

std::string to_json(const HandshakeComplete& complete) {
  boost::json::object object;
  object["HandshakeTimeToComplete"] = complete.time_to_complete.count();
  object["CustomerMessage"] = complete.customer_message;
  return boost::json::serialize(object);
}

Result<HandshakeComplete> parse_handshake_complete(BytesView payload) {
  const auto object = parse_object(as_text(payload), "the end of the handshake");
  if (!object) return fail(object.error());
  return HandshakeComplete{.time_to_complete = std::chrono::nanoseconds(
                               integer_member(*object, "HandshakeTimeToComplete").value_or(0)),
                           .customer_message = text_member(*object, "CustomerMessage")};
}

}  // namespace ferry::wire
