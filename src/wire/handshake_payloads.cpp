#include "wire/handshake_payloads.hpp"

#include "wire/json_object.hpp"

#include <optional>
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

boost::json::object parameters_of(const RequestedAction& action) {
  boost::json::object parameters;
  if (action.type == action_type::kms_encryption) {
    parameters["KMSKeyId"] = action.kms_key_id;
    parameters["Challenge"] = action.kms_challenge;
  } else {
    parameters["SessionType"] = action.session_type;
    parameters["Properties"] = nullptr;
  }
  return parameters;
}

RequestedAction read_requested_action(const boost::json::object& action) {
  RequestedAction requested;
  requested.type = text_member(action, "ActionType");
  const boost::json::object* parameters = object_member(action, "ActionParameters");
  if (parameters == nullptr) return requested;
  requested.session_type = text_member(*parameters, "SessionType");
  requested.kms_key_id = text_member(*parameters, "KMSKeyId");
  requested.kms_challenge = text_member(*parameters, "Challenge");
  return requested;
}

// What a successful action brings; the hash is not computed, as stock clients do not.
boost::json::value result_of(const ProcessedAction& action) {
  if (action.encrypted_data_key.empty()) return nullptr;
  boost::json::object result;
  result["KMSCipherTextKey"] = base64(action.encrypted_data_key);
  result["KMSCipherTextHash"] = nullptr;
  return result;
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

// Nothing where it is no base64.
std::optional<Bytes> read_data_key(const boost::json::object& action) {
  const boost::json::object* result = object_member(action, "ActionResult");
  if (result == nullptr) return Bytes();
  return from_base64(text_member(*result, "KMSCipherTextKey"));
}

}  // namespace

std::string to_json(const HandshakeRequest& request) {
  boost::json::array actions;
  for (const RequestedAction& action : request.actions) {
    boost::json::object object;
    object["ActionType"] = action.type;
    object["ActionParameters"] = parameters_of(action);
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
  for (const boost::json::object* action : *actions)
    request.actions.push_back(read_requested_action(*action));
  return request;
}

std::string to_json(const HandshakeResponse& response) {
  boost::json::array actions;
  for (const ProcessedAction& action : response.actions) {
    boost::json::object object;
    object["ActionType"] = action.type;
    object["ActionStatus"] = std::to_underlying(action.status);
    object["ActionResult"] = result_of(action);
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
    std::optional<Bytes> data_key = read_data_key(*action);
    if (!data_key) return fail(FailureCode::protocol, fmt::format("{} has an unreadable data key", what));
    response.actions.push_back({.type = text_member(*action, "ActionType"),
                                .status = read_status(*action),
                                .error = text_member(*action, "Error"),
                                .encrypted_data_key = std::move(*data_key)});
  }
  return response;
}

std::string to_json(const EncryptionChallenge& challenge) {
  boost::json::object object;
  object["Challenge"] = base64(challenge.ciphertext);
  return boost::json::serialize(object);
}

Result<EncryptionChallenge> parse_encryption_challenge(BytesView payload) {
  constexpr std::string_view what = "the encryption challenge";
  const auto object = parse_object(as_text(payload), what);
  if (!object) return fail(object.error());
  std::optional<Bytes> ciphertext = from_base64(text_member(*object, "Challenge"));
  if (!ciphertext || ciphertext->empty())
    return fail(FailureCode::protocol, fmt::format("{} has no base64 in Challenge", what));
  return EncryptionChallenge{.ciphertext = std::move(*ciphertext)};
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
