#include "base/text.hpp"
#include "feature/session_plugin.hpp"
#include "net/url.hpp"
#include "wire/client_session.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace ferry::feature {
namespace {

constexpr std::string_view kVariablePrefix = "AWS_SSM_START_SESSION_RESPONSE";

constexpr std::string_view kInstalled =
    "\nThe Session Manager plugin was installed successfully. Use the AWS CLI to start a session.\n\n";

// A member whatever the case of its name; empty where it is missing or no string.
std::string text_member(const boost::json::object& object, std::string_view name) {
  for (const auto& [key, value] : object) {
    if (!equals_ignoring_case(key, name)) continue;
    const boost::json::string* text = value.if_string();
    return text == nullptr ? std::string() : std::string(*text);
  }
  return {};
}

Result<session::Address> parse_response(std::string_view response, std::string_view source) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(response, error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) {
    return fail(
        FailureCode::usage,
        fmt::format("cannot start the session: {} is not the JSON of a StartSession response", source),
        "this program is called by the AWS CLI: `aws ecs execute-command` or `aws ssm start-session`");
  }
  session::Address address{.session_id = text_member(*object, "SessionId"),
                           .stream_url = text_member(*object, "StreamUrl"),
                           .token_value = text_member(*object, "TokenValue")};
  const std::string_view missing = address.session_id.empty()    ? "SessionId"
                                   : address.stream_url.empty()  ? "StreamUrl"
                                   : address.token_value.empty() ? "TokenValue"
                                                                 : "";
  if (!missing.empty()) {
    return fail(FailureCode::usage, fmt::format("cannot start the session: {} has no {}", source, missing),
                "it must be the response of StartSession or the session of ExecuteCommand");
  }
  return address;
}

bool is_of_aws(std::string_view endpoint) {
  const Result<net::Url> url = net::parse_url(endpoint);
  if (!url) return false;
  const std::string_view host = url->host;
  return host.find(".amazonaws.") != std::string_view::npos || host.ends_with(".api.aws");
}

std::string target_of(std::string_view request) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(request, error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  return object == nullptr ? std::string() : text_member(*object, "Target");
}

}  // namespace

Result<PluginCall> parse_plugin_call(std::span<const std::string> words,
                                     const aws::Environment& environment) {
  if (words.empty()) return PluginText{.text = std::string(kInstalled), .is_success = true};
  if (words.size() == 1 && words[0] == "--version")
    return PluginText{.text = fmt::format("{}\n", wire::client_version), .is_success = true};
  if (words.size() < 3) {
    return PluginText{
        .text = fmt::format("\nUnknown operation {}. \nUse session-manager-plugin --version to check "
                            "the version.\n\n",
                            words[0]),
        .is_success = false};
  }
  if (words[2] != "StartSession") {
    return fail(FailureCode::usage, fmt::format("'{}' is no operation of session-manager-plugin", words[2]),
                "it has StartSession");
  }
  std::string response = words[0];
  std::string source = "the first argument";
  if (words[0].starts_with(kVariablePrefix)) {
    std::optional<std::string> value = environment(words[0]);
    if (!value) {
      return fail(FailureCode::usage,
                  fmt::format("cannot start the session: the environment has no variable {}", words[0]),
                  "the AWS CLI sets it");
    }
    response = std::move(*value);
    source = fmt::format("the variable {}", words[0]);
  }
  Result<session::Address> address = parse_response(response, source);
  if (!address) return fail(address.error());
  const auto word = [words](std::size_t index) { return index < words.size() ? words[index] : ""; };
  PluginRequest request;
  request.address = std::move(*address);
  request.target = target_of(word(4));
  request.flags.region = word(1);
  request.flags.profile = word(3);
  if (!is_of_aws(word(5))) request.flags.endpoint_url = word(5);
  return request;
}

}  // namespace ferry::feature
