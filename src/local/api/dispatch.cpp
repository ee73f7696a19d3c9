#include "local/api/dispatch.hpp"

#include "base/text.hpp"
#include "local/api/query_protocol.hpp"
#include "local/store/database.hpp"
#include "sys/random.hpp"
#include "wire/sigv4.hpp"

#include <algorithm>
#include <array>
#include <exception>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

namespace json = boost::json;

constexpr std::string_view kJsonType = "application/x-amz-json-1.1";
constexpr std::string_view kOlderJsonType = "application/x-amz-json-1.0";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

// The first part of X-Amz-Target, from the services' API models, and the code of the service's own failures.
struct JsonService {
  std::string_view target_prefix, signing_name, failure_code;
};
constexpr std::array<JsonService, 4> kJsonServices{
    {{"AmazonEC2ContainerServiceV20141113", "ecs", "ServerException"},
     {"Logs_20140328", "logs", "ServiceUnavailableException"},
     {"AmazonSSM", "ssm", "InternalServerError"},
     {"TrentService", "kms", "KMSInternalException"}}};

ServiceError service_failure(std::string_view signing_name, std::string_view what) {
  constexpr int kServerError = 500;
  std::string_view code = "InternalFailure";
  for (const JsonService& service : kJsonServices) {
    if (service.signing_name == signing_name) code = service.failure_code;
  }
  return ServiceError{
      .type = std::string(code), .message = std::string(what), .status = kServerError, .extra = {}};
}

std::string media_type(const net::HttpRequest& request) {
  const std::string_view content_type = net::find_header(request.headers, "Content-Type");
  return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

tl::expected<json::object, ServiceError> parse_input(const Call& call, const std::string& body) {
  if (call.protocol == Protocol::query) return form_members(body);
  if (body.empty()) return json::object{};
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error) {
    return refuse("SerializationException",
                  fmt::format("The request body is not valid JSON: {}", error.message()));
  }
  if (!value.is_object()) return refuse("SerializationException", "The request body must be a JSON object.");
  return std::move(value.get_object());
}

net::HttpResponse response_of(std::string body, std::string_view content_type, int status,
                              std::string request_id) {
  return net::HttpResponse{
      .status = status,
      .headers = {{"Content-Type", std::string(content_type)}, {"x-amzn-RequestId", std::move(request_id)}},
      .body = std::move(body)};
}

// The query protocol names its service nowhere but in the signature, and of those who speak it only STS is
// here: a call to another one is to hear that, not that its signature is wrong.
std::string query_service(const net::HttpRequest& request) {
  const auto signer = wire::sigv4::parse_authorization(net::find_header(request.headers, "Authorization"));
  const auto speaks_json = [&signer](const JsonService& service) {
    return service.signing_name == signer->service;
  };
  if (!signer || std::ranges::any_of(kJsonServices, speaks_json)) return "sts";
  return valid_utf8(signer->service);
}

net::HttpResponse xml_refusal(const ServiceError& error) {
  std::string request_id = sys::random_uuid();
  std::string body = query_error_xml(error, request_id);
  return response_of(std::move(body), "text/xml", error.status, std::move(request_id));
}

}  // namespace

net::HttpResponse json_response(const json::object& body) {
  return response_of(json::serialize(body), kJsonType, 200, sys::random_uuid());
}

net::HttpResponse json_refusal(const ServiceError& error) {
  json::object body{{"__type", error.type}, {"message", error.message}};
  for (const auto& member : error.extra) body[member.key()] = member.value();
  return response_of(json::serialize(body), kJsonType, error.status, sys::random_uuid());
}

void Dispatcher::add(std::string_view signing_name, Operations operations) {
  services_[std::string(signing_name)].merge(operations);
}

bool Dispatcher::knows(std::string_view operation) const {
  return std::ranges::any_of(services_,
                             [&](const auto& service) { return service.second.contains(operation); });
}

tl::expected<Call, ServiceError> Dispatcher::recognize(const net::HttpRequest& request) const {
  constexpr int kUnsupportedMediaType = 415;
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (request.method != "POST" || path != "/") {
    return refuse("UnknownOperationException",
                  fmt::format("There is nothing at {} {}; AWS operations are POST /.", request.method,
                              valid_utf8(path)));
  }
  const std::string type = media_type(request);
  if (type == kFormType) {
    return Call{.protocol = Protocol::query,
                .service = query_service(request),
                .operation = form_action(request.body)};
  }
  if (type != kJsonType && type != kOlderJsonType) {
    return tl::unexpected(ServiceError{
        .type = "UnsupportedMediaTypeException",
        .message = fmt::format("The content type must be {} (ECS, Logs, SSM, KMS) or {} (STS), not '{}'.",
                               kJsonType, kFormType, valid_utf8(type)),
        .status = kUnsupportedMediaType,
        .extra = {}});
  }
  const std::string_view target = net::find_header(request.headers, "X-Amz-Target");
  const std::size_t dot = target.find('.');
  for (const JsonService& service : kJsonServices) {
    if (dot == std::string_view::npos || target.substr(0, dot) != service.target_prefix) continue;
    return Call{.protocol = Protocol::json,
                .service = std::string(service.signing_name),
                .operation = valid_utf8(target.substr(dot + 1))};
  }
  return refuse(
      "UnknownOperationException",
      fmt::format("The X-Amz-Target '{}' names no operation of ECS, Logs, SSM or KMS, which (with STS) are "
                  "what ferry local has.",
                  valid_utf8(target)));
}

net::Task<Answer> Dispatcher::answer(Call call, net::HttpRequest request) const {
  const auto service = services_.find(call.service);
  const auto operation =
      service == services_.end() ? Operations::const_iterator{} : service->second.find(call.operation);
  if (service == services_.end() || operation == service->second.end()) {
    std::string words =
        fmt::format("ferry local does not have the operation {}:{}.", call.service, call.operation);
    if (service == services_.end()) words += " It has ECS, Logs, SSM, KMS and STS.";
    co_return refuse(call.protocol == Protocol::query ? "InvalidAction" : "UnknownOperationException",
                     std::move(words));
  }
  auto input = parse_input(call, request.body);
  if (!input) co_return tl::unexpected(std::move(input.error()));
  Answer answer = co_await operation->second(std::move(*input));
  co_return answer;
}

net::Task<net::HttpResponse> Dispatcher::run(Call call, net::HttpRequest request) const {
  std::optional<ServiceError> failure;
  try {
    const Answer answer = co_await this->answer(call, std::move(request));
    if (answer && call.protocol == Protocol::json) co_return json_response(*answer);
    if (answer) {
      std::string request_id = sys::random_uuid();
      std::string body = query_answer_xml(call.operation, *answer, request_id);
      co_return response_of(std::move(body), "text/xml", 200, std::move(request_id));
    }
    failure = answer.error();
  } catch (const StoreError& error) {
    failure = service_failure(call.service, error.what());
  }
  co_return refusal(call, *failure);
}

net::HttpResponse Dispatcher::refusal(const Call& call, const ServiceError& error) {
  return call.protocol == Protocol::query ? xml_refusal(error) : json_refusal(error);
}

}  // namespace ferry::local
