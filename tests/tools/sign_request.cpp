// For tests/e2e/test_sigv4_botocore.py: signs or verifies the requests of stdin with ferry's own code.
// One JSON object a line: method, target, headers [[name, value]], body, access_key, secret_key, token,
// region, service, time_ms. A request with an Authorization header is verified, another one is signed; one
// with the member "channel" is signed as a session's websocket is: of it host and target count.
// One JSON object a line comes back: {"headers": {...}}, {"verified": true} or {"refused": detail}.
#include "base/text.hpp"
#include "wire/channel_opening.hpp"
#include "wire/sigv4.hpp"

#include <iostream>
#include <string>

#include <boost/json.hpp>

namespace {

namespace json = boost::json;
namespace sigv4 = ferry::wire::sigv4;

std::string text(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

json::object handle(const json::object& line) {
  sigv4::Headers headers;
  bool is_signed = false;
  for (const json::value& pair : line.at("headers").as_array()) {
    const json::array& both = pair.as_array();
    headers.emplace_back(both.at(0).as_string(), both.at(1).as_string());
    is_signed = is_signed || ferry::equals_ignoring_case(headers.back().first, "Authorization");
  }
  const std::string method = text(line, "method"), target = text(line, "target"), body = text(line, "body");
  const std::string access_key = text(line, "access_key"), secret_key = text(line, "secret_key"),
                    token = text(line, "token"), region = text(line, "region"),
                    service = text(line, "service");
  const sigv4::Request request{.method = method, .target = target, .headers = headers, .body = body};
  const sigv4::Identity identity{
      .access_key_id = access_key, .secret_access_key = secret_key, .session_token = token};
  const ferry::WallTime now{ferry::milliseconds(line.at("time_ms").as_int64())};
  if (is_signed) {
    const auto verified = sigv4::verify(request, identity, now);
    if (!verified) return {{"refused", verified.error().detail}};
    return {{"verified", verified->region == region && verified->service == service}};
  }
  const sigv4::Headers signature =
      line.contains("channel")
          ? ferry::wire::sign_channel(headers.at(0).second, target, identity, region, now)
          : sigv4::sign(request, identity, {.region = region, .service = service}, now);
  json::object added;
  for (const auto& [name, value] : signature) added[name] = value;
  return {{"headers", added}};
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line))
    std::cout << json::serialize(handle(json::parse(line).as_object())) << '\n';
}
