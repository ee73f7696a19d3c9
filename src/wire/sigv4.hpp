// AWS Signature Version 4 of HTTP requests, both ways: the client signs, the local endpoint verifies.
// Origin: "Signature Version 4" in the AWS IAM user guide, checked against botocore (tests/e2e). Covers
// header authorization with a signed payload, as every service that ferry speaks wants it; no presigned URLs,
// no S3 rules, no chunked payloads. Pure functions: time comes in, bytes go out. Thread-safe.
#pragma once

#include "base/time.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace ferry::wire::sigv4 {

// In order, names as written; what net::Headers is as well.
using Headers = std::vector<std::pair<std::string, std::string>>;

// A request as it travels. `headers` must hold Host; `target` is path and query, percent-encoded as sent.
struct Request {
  std::string_view method;
  std::string_view target;
  const Headers& headers;
  std::string_view body;
};

struct Identity {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token;  // empty where there is none
};

struct Scope {
  std::string_view region;
  std::string_view service;  // the signing name: "ecs", "logs", "ssm", "sts"
};

// What to add to the request: X-Amz-Date, X-Amz-Security-Token where the identity has one, Authorization.
// Signs every header of the request but those that proxies and transports change; the request must not
// carry these three yet.
Headers sign(const Request& request, const Identity& identity, const Scope& scope, WallTime now);

// What an Authorization header says.
struct Authorization {
  std::string access_key_id;
  std::string date;  // "20261123"
  std::string region;
  std::string service;
  std::vector<std::string> signed_headers;
  std::string signature;

  bool operator==(const Authorization&) const = default;
};

enum class Fault {
  missing,      // no Authorization header
  incomplete,   // not this scheme, or a part of it is missing or malformed
  unknown_key,  // signed by a key, or with a session token, that is not the identity's
  expired,      // X-Amz-Date is too far from now, on either side
  mismatch,     // the signature is not the request's
};

// `detail` is the sentence that AWS answers in that case, without secrets.
struct Refusal {
  Fault fault = Fault::missing;
  std::string detail;

  bool operator==(const Refusal&) const = default;
};

tl::expected<Authorization, Refusal> parse_authorization(std::string_view value);

// How far X-Amz-Date may be from the verifier's clock.
inline constexpr std::chrono::minutes kClockTolerance{15};

// Holds when the request was signed by `identity` within kClockTolerance of `now`, and the signature covers
// Host and every X-Amz-* header. The scope's region and service come back for the caller to judge.
tl::expected<Authorization, Refusal> verify(const Request& request, const Identity& identity, WallTime now);

}  // namespace ferry::wire::sigv4
