#include "local/api/query_protocol.hpp"

#include "base/text.hpp"
#include "local/api/input.hpp"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    result += static_cast<char>(byte->front());
    i += 2;
  }
  if (!is_valid_utf8(result)) return std::nullopt;
  return result;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

// Structures are one level deep in what STS answers.
std::string members_xml(const json::object& members) {
  std::string xml;
  for (const auto& [name, value] : members) {
    const json::object* structure = value.if_object();
    xml += fmt::format("<{0}>{1}</{0}>", std::string_view(name),
                       structure == nullptr ? escaped(text_of(members, name)) : members_xml(*structure));
  }
  return xml;
}

// What the JSON services call otherwise.
std::string query_code(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kCodes{
      {{"MissingAuthenticationTokenException", "MissingAuthenticationToken"},
       {"IncompleteSignatureException", "IncompleteSignature"},
       {"UnrecognizedClientException", "InvalidClientTokenId"},
       {"InvalidSignatureException", "SignatureDoesNotMatch"},
       {"ExpiredTokenException", "ExpiredToken"}}};
  for (const auto& [json_name, query_name] : kCodes) {
    if (type == json_name) return std::string(query_name);
  }
  return std::string(type);
}

}  // namespace

Answer form_members(std::string_view body) {
  json::object members;
  for (const std::string_view pair : split(body, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto name = decoded(pair.substr(0, equals));
    const auto value = decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!name || !value) return refuse("MalformedQueryString", "The query string is malformed.");
    if (*name != "Action" && *name != "Version") members[*name] = *value;
  }
  return members;
}

std::string form_action(std::string_view body) {
  constexpr std::string_view kAction = "Action=";
  for (const std::string_view pair : split(body, '&')) {
    if (pair.starts_with(kAction)) return decoded(pair.substr(kAction.size())).value_or(std::string());
  }
  return {};
}

std::string query_answer_xml(std::string_view action, const json::object& answer,
                             std::string_view request_id) {
  const std::string members = members_xml(answer);
  return fmt::format(
      "<{0}Response xmlns=\"{1}\"><{0}Result>{2}</{0}Result><ResponseMetadata><RequestId>{3}</RequestId>"
      "</ResponseMetadata></{0}Response>",
      action, kNamespace, members, request_id);
}

std::string query_error_xml(const ServiceError& error, std::string_view request_id) {
  constexpr int kFirstServerError = 500;
  return fmt::format(
      "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message></Error>"
      "<RequestId>{}</RequestId></ErrorResponse>",
      kNamespace, error.status < kFirstServerError ? "Sender" : "Receiver", escaped(query_code(error.type)),
      escaped(error.message), request_id);
}

}  // namespace ferry::local
