// From an HTTP request to an operation and back: the JSON protocol of ECS, Logs, SSM and KMS (AWS JSON 1.1,
// by X-Amz-Target) and the query protocol of STS (XML answers).
// Owns the operations; the loop's thread only.
#pragma once

#include "local/api/operation.hpp"
#include "net/http.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ferry::local {

enum class Protocol : std::uint8_t { json, query };

// A call as the request's headers (and for the query protocol its body) name it, before it is looked at
// further.
struct Call {
  Protocol protocol = Protocol::json;
  std::string service;    // the signing name: "ecs"
  std::string operation;  // "RunTask"
};

class Dispatcher {
 public:
  // `signing_name` is "ecs", "logs", "ssm", "kms" or "sts".
  void add(std::string_view signing_name, Operations operations);

  // Which operation a request means: one of a service that this endpoint speaks, though it may not have the
  // operation. Refuses what is no API call: another method or path, wrong content types, unknown targets.
  [[nodiscard]] tl::expected<Call, ServiceError> recognize(const net::HttpRequest& request) const;

  // Runs it. Unknown operations, malformed bodies and refusals are answers in the protocol's error form. A
  // StoreError becomes the service's own failure (HTTP 500).
  net::Task<net::HttpResponse> run(Call call, net::HttpRequest request) const;

  // The answer for a call that was refused before it ran.
  [[nodiscard]] static net::HttpResponse refusal(const Call& call, const ServiceError& error);

  // Whether any service has an operation of that name.
  [[nodiscard]] bool knows(std::string_view operation) const;

 private:
  [[nodiscard]] net::Task<Answer> answer(Call call, net::HttpRequest request) const;

  std::map<std::string, Operations, std::less<>> services_;
};

// {"__type": ..., "message": ...} with a request id: also the form of refusals outside of the API.
net::HttpResponse json_refusal(const ServiceError& error);
net::HttpResponse json_response(const boost::json::object& body);

}  // namespace ferry::local
