#include "feature/exec_response.hpp"

#include "base/text.hpp"
#include "wire/json_object.hpp"

#include <array>
#include <cctype>
#include <string>
#include <utility>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

namespace json = boost::json;

constexpr std::string_view kWhatToGive = "give the SDK's whole response to ExecuteCommand, as JSON";

std::string capitalized(std::string_view name) {
  std::string other(name);
  other[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(other[0])));
  return other;
}

std::string text_in(const json::object& object, std::string_view name) {
  std::string text = wire::text_member(object, name);
  return text.empty() ? wire::text_member(object, capitalized(name)) : text;
}

// Null where there is none.
const json::object* session_in(const json::object& response) {
  const json::object* session = wire::object_member(response, "session");
  return session == nullptr ? wire::object_member(response, "Session") : session;
}

}  // namespace

Result<aws::ecs::ExecSession> parse_exec_response(std::string_view text) {
  if (text.size() > kMaxExecResponse) {
    return fail(FailureCode::usage,
                fmt::format("the response has more than {} bytes, which no response of ExecuteCommand has",
                            kMaxExecResponse),
                std::string(kWhatToGive));
  }
  if (trim(text).empty()) return fail(FailureCode::usage, "the response is empty", std::string(kWhatToGive));
  const Result<json::object> response = wire::parse_object(text, "the response");
  if (!response) return fail(FailureCode::usage, response.error().what, std::string(kWhatToGive));

  const json::object* nested = session_in(*response);
  const json::object& inner = nested == nullptr ? *response : *nested;  // the session alone
  aws::ecs::ExecSession session{.session_id = text_in(inner, "sessionId"),
                                .stream_url = text_in(inner, "streamUrl"),
                                .token_value = text_in(inner, "tokenValue"),
                                .cluster_arn = text_in(*response, "clusterArn"),
                                .task_arn = text_in(*response, "taskArn"),
                                .container_name = text_in(*response, "containerName"),
                                .container_arn = text_in(*response, "containerArn")};
  const std::array<std::pair<std::string_view, bool>, 3> needed{
      {{"sessionId", session.session_id.empty()},
       {"streamUrl", session.stream_url.empty()},
       {"tokenValue", session.token_value.empty()}}};
  for (const auto& [name, is_absent] : needed) {
    if (is_absent) {
      return fail(FailureCode::usage, fmt::format("the response has no session with a {}", name),
                  std::string(kWhatToGive));
    }
  }
  return session;
}

}  // namespace ferry::feature
