#include "aws/protocol.hpp"

#include "aws/answer_reader.hpp"
#include "aws/xml_answer.hpp"
#include "base/text.hpp"
#include "base/version.hpp"

#include <algorithm>
#include <array>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::aws {
namespace {

namespace json = boost::json;

enum class Protocol { json, query, ec2_query };

Protocol protocol_of(Service service) {
  if (service == Service::sts || service == Service::iam) return Protocol::query;
  return service == Service::ec2 ? Protocol::ec2_query : Protocol::json;
}

// The models' apiVersion, which the query protocol sends.
std::string_view query_version(Service service) {
  if (service == Service::iam) return "2010-05-08";
  return service == Service::ec2 ? "2016-11-15" : "2011-06-15";
}

// The models' targetPrefix, of the services that speak JSON.
std::string_view target_prefix(Service service) {
  switch (service) {
    case Service::ecs:
      return "AmazonEC2ContainerServiceV20141113";
    case Service::logs:
      return "Logs_20140328";
    case Service::ssm:
      return "AmazonSSM";
    case Service::kms:
      return "TrentService";
    case Service::sts:
    case Service::iam:
    case Service::ec2:
      break;
  }
  return {};
}

bool is_operation_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

// {"Tags": [{"Key": "a"}]} is Tags.member.1.Key=a in the query protocol, and Tags.1.Key=a in EC2's, where
// `list_part` is empty instead of ".member".
void append_form(std::string& form, const std::string& name, const json::value& value,
                 std::string_view list_part) {
  if (const json::object* object = value.if_object()) {
    for (const auto& [key, member] : *object)
      append_form(form, fmt::format("{}.{}", name, std::string_view(key)), member, list_part);
  } else if (const json::array* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      append_form(form, fmt::format("{}{}.{}", name, list_part, i + 1), (*array)[i], list_part);
  } else if (const json::string* text = value.if_string()) {
    form += fmt::format("&{}={}", form_encoded(name), form_encoded(*text));
  } else if (!value.is_null()) {
    form += fmt::format("&{}={}", form_encoded(name), form_encoded(json::serialize(value)));
  }
}

std::string query_body(Service service, std::string_view operation, const json::object& input) {
  std::string form = fmt::format("Action={}&Version={}", operation, query_version(service));
  const std::string_view list_part = protocol_of(service) == Protocol::ec2_query ? "" : ".member";
  for (const auto& [key, member] : input) append_form(form, std::string(key), member, list_part);
  return form;
}

struct ServiceError {
  std::string name;
  std::string message;
};

// "com.amazonaws.ecs#ClusterNotFoundException:http://..." is ClusterNotFoundException.
std::string without_namespace(std::string_view type) {
  if (const std::size_t hash = type.rfind('#'); hash != std::string_view::npos) type.remove_prefix(hash + 1);
  return std::string(trim(type.substr(0, type.find(':'))));
}

ServiceError json_error(const net::HttpResponse& response) {
  boost::system::error_code error;
  const json::value parsed = json::parse(response.body, error);
  const json::object* body = error ? nullptr : parsed.if_object();
  ServiceError found;
  if (body != nullptr) {
    found.name = text_in(*body, "__type");
    if (found.name.empty()) found.name = text_in(*body, "code");
    found.message = text_in(*body, "message");
    if (found.message.empty()) found.message = text_in(*body, "Message");
  }
  if (found.name.empty()) found.name = net::find_header(response.headers, "x-amzn-errortype");
  found.name = without_namespace(found.name);
  return found;
}

ServiceError xml_error(const net::HttpResponse& response) {
  const Result<json::object> parsed = parse_xml_answer(response.body);
  if (!parsed) return {};
  const json::object* outer = object_in(*parsed, "ErrorResponse");
  if (const json::object* of_ec2 = object_in(*parsed, "Response")) outer = object_in(*of_ec2, "Errors");
  const json::object* inner = outer == nullptr ? nullptr : object_in(*outer, "Error");
  if (inner == nullptr) return {};
  return {.name = text_in(*inner, "Code"), .message = text_in(*inner, "Message")};
}

bool is_throttling(std::string_view name) {
  // botocore's list, without LimitExceededException: for these services that is a quota, not a rate.
  constexpr std::array<std::string_view, 10> kNames{"Throttling",
                                                    "ThrottlingException",
                                                    "ThrottledException",
                                                    "RequestThrottledException",
                                                    "RequestThrottled",
                                                    "TooManyRequestsException",
                                                    "RequestLimitExceeded",
                                                    "BandwidthLimitExceeded",
                                                    "PriorRequestNotComplete",
                                                    "EC2ThrottledException"};
  return std::ranges::find(kNames, name) != kNames.end();
}

FailureCode code_of(std::string_view name, int status) {
  constexpr std::array<std::string_view, 14> kDenied{"AccessDenied",
                                                     "AccessDeniedException",
                                                     "UnauthorizedOperation",
                                                     "AuthFailure",
                                                     "UnrecognizedClientException",
                                                     "InvalidClientTokenId",
                                                     "InvalidSignatureException",
                                                     "SignatureDoesNotMatch",
                                                     "ExpiredToken",
                                                     "ExpiredTokenException",
                                                     "MissingAuthenticationToken",
                                                     "MissingAuthenticationTokenException",
                                                     "IncompleteSignature",
                                                     "IncompleteSignatureException"};
  if (is_throttling(name) || status == 429) return FailureCode::throttled;
  return std::ranges::find(kDenied, name) != kDenied.end() ? FailureCode::denied : FailureCode::refused;
}

// What IAM's refusals say: "User: ARN is not authorized to perform: ecs:RunTask on resource: ARN because
// ...".
std::string allowing_statement(std::string_view message) {
  const auto word_after = [message](std::string_view mark) {
    const std::size_t begin = message.find(mark);
    if (begin == std::string_view::npos) return std::string_view();
    const std::string_view rest = message.substr(begin + mark.size());
    std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
    while (word.ends_with('.') || word.ends_with(',')) word.remove_suffix(1);
    return word;
  };
  const std::string_view action = word_after("is not authorized to perform: ");
  if (action.empty()) return {};
  if (message.find("with an explicit deny") != std::string_view::npos)
    return "a policy denies it explicitly, and no other can allow it: ask who keeps that policy";
  const std::string_view resource = word_after("on resource: ");
  const json::object statement{
      {"Effect", "Allow"}, {"Action", action}, {"Resource", resource.empty() ? "*" : resource}};
  return fmt::format("this statement in the caller's policy allows it: {}", json::serialize(statement));
}

std::string hint_for(std::string_view name, std::string_view message) {
  if (name.starts_with("ExpiredToken")) return "get new temporary credentials";
  if (std::string statement = allowing_statement(message); !statement.empty()) return statement;
  if (name == "UnrecognizedClientException" || name == "InvalidClientTokenId") {
    return "the endpoint does not know this access key: check the credentials and the endpoint";
  }
  if (name == "InvalidSignatureException" || name == "SignatureDoesNotMatch") {
    return "check the secret access key and this machine's clock";
  }
  return {};
}

Failure failure_of(Service service, std::string_view operation, const net::HttpResponse& response) {
  const bool is_json = protocol_of(service) == Protocol::json;
  const ServiceError error = is_json ? json_error(response) : xml_error(response);
  if (error.name.empty()) {
    const std::string_view type = net::find_header(response.headers, "Content-Type");
    return Failure{.code = response.status == 429 ? FailureCode::throttled : FailureCode::protocol,
                   .what = fmt::format("{} {}: HTTP {} without an error that ferry can read ({} bytes of {})",
                                       service_name(service), operation, response.status,
                                       response.body.size(), type.empty() ? "no type" : type),
                   .hint = "check that the endpoint is the service's own, not a proxy's",
                   .service_code = {}};
  }
  const std::string_view message = error.message.empty() ? "no message" : std::string_view(error.message);
  return Failure{.code = code_of(error.name, response.status),
                 .what = fmt::format("{}: {} ({} {})", error.name, message, service_name(service), operation),
                 .hint = hint_for(error.name, error.message),
                 .service_code = error.name};
}

tl::unexpected<Failure> unreadable(Service service, std::string_view operation, std::string_view why) {
  return fail(FailureCode::protocol,
              fmt::format("{} {}: cannot read the answer: {}", service_name(service), operation, why),
              "check that the endpoint is the service's own");
}

}  // namespace

std::string form_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

Result<net::HttpRequest> make_request(Service service, std::string_view operation, const json::object& input,
                                      const net::Url& endpoint) {
  if (!is_operation_name(operation)) {
    return fail(FailureCode::usage, fmt::format("'{}' is no operation's name", operation),
                "write it as the API reference does: RunTask");
  }
  net::HttpRequest request;
  request.method = "POST";
  request.target = endpoint.target;
  request.headers = {{"Host", endpoint.authority()}, {"User-Agent", fmt::format("ferry/{}", kVersion)}};
  if (protocol_of(service) != Protocol::json) {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body = query_body(service, operation, input);
  } else {
    request.headers.emplace_back("Content-Type", "application/x-amz-json-1.1");
    request.headers.emplace_back("X-Amz-Target", fmt::format("{}.{}", target_prefix(service), operation));
    request.body = json::serialize(input);
  }
  return request;
}

Result<json::object> read_answer(Service service, std::string_view operation,
                                 const net::HttpResponse& response) {
  if (response.status < 200 || response.status > 299) return fail(failure_of(service, operation, response));
  if (protocol_of(service) != Protocol::json) {
    const Result<json::object> parsed = parse_xml_answer(response.body);
    if (!parsed) return unreadable(service, operation, parsed.error().what);
    const json::object* outer = object_in(*parsed, fmt::format("{}Response", operation));
    if (outer == nullptr) return unreadable(service, operation, "another document than was asked for");
    if (protocol_of(service) == Protocol::ec2_query) return *outer;
    const json::object* inner = object_in(*outer, fmt::format("{}Result", operation));
    return inner == nullptr ? json::object{} : *inner;
  }
  if (trim(response.body).empty()) return json::object{};  // CreateLogGroup and others answer nothing
  boost::system::error_code error;
  json::value parsed = json::parse(response.body, error);
  if (error) return unreadable(service, operation, error.message());
  json::object* object = parsed.if_object();
  if (object == nullptr) return unreadable(service, operation, "it is no JSON object");
  return std::move(*object);
}

AttemptEnd attempt_end(const Failure& failure, int status) {
  if (failure.code == FailureCode::throttled) return AttemptEnd::throttled;
  if (status == 0) {
    if (failure.code == FailureCode::unreachable) return AttemptEnd::not_sent;
    const bool is_in_doubt = failure.code == FailureCode::timed_out || failure.code == FailureCode::lost;
    return is_in_doubt ? AttemptEnd::in_doubt : AttemptEnd::final;
  }
  return status >= 500 ? AttemptEnd::in_doubt : AttemptEnd::final;
}

}  // namespace ferry::aws
