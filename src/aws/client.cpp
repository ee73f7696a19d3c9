#include "aws/client.hpp"

#include "aws/endpoints.hpp"
#include "aws/protocol.hpp"
#include "net/clock.hpp"
#include "net/url.hpp"
#include "sys/random.hpp"
#include "wire/sigv4.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace ferry::aws {
namespace {

// Uniform in [0, 1).
double random_chance() {
  std::uint32_t number = 0;
  for (const std::uint8_t byte : sys::random_bytes(sizeof number)) number = number << 8U | byte;
  return number / (static_cast<double>(std::numeric_limits<std::uint32_t>::max()) + 1.0);
}

void add_signature(net::HttpRequest& request, Service service, const Settings& settings) {
  const wire::sigv4::Request unsigned_request{
      .method = request.method, .target = request.target, .headers = request.headers, .body = request.body};
  const wire::sigv4::Identity identity{.access_key_id = settings.credentials.access_key_id,
                                       .secret_access_key = settings.credentials.secret_access_key,
                                       .session_token = settings.credentials.session_token};
  const std::string region = signing_region(service, settings.region);
  const wire::sigv4::Scope scope{.region = region, .service = service_name(service)};
  net::Headers added = wire::sigv4::sign(unsigned_request, identity, scope, net::wall_now());
  for (auto& header : added) request.headers.push_back(std::move(header));
}

Result<net::Url> parse_endpoint(const Settings& settings, Service service) {
  const std::string text = settings.endpoint(service);
  Result<net::Url> url = net::parse_url(text);
  if (!url) return fail(url.error().in(fmt::format("the endpoint of {}", service_name(service))));
  if (url->scheme != "http" && url->scheme != "https") {
    return fail(FailureCode::usage,
                fmt::format("the endpoint of {} is '{}', which is neither http nor https",
                            service_name(service), text),
                "write it like http://127.0.0.1:5319");
  }
  return url;
}

}  // namespace

struct Client::State {
  State(net::Loop& its_loop, Settings its_settings, CallLimits its_limits, net::TlsTrust its_trust,
        net::HttpClientLimits http_limits)
      : loop(its_loop),
        settings(std::move(its_settings)),
        limits(its_limits),
        trust(std::move(its_trust)),
        http(loop, &trust, http_limits) {}

  net::Loop& loop;
  Settings settings;
  CallLimits limits;
  net::TlsTrust trust;
  std::array<net::Url, kServices.size()> endpoints;  // as in enum Service
  net::HttpClient http;
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::make(net::Loop& loop, Settings settings, CallLimits limits,
                                             net::HttpClientLimits http_limits) {
  std::array<net::Url, kServices.size()> endpoints;
  for (const Service service : kServices) {
    Result<net::Url> url = parse_endpoint(settings, service);
    if (!url) return fail(url.error());
    endpoints[static_cast<std::size_t>(service)] = std::move(*url);
  }
  Result<net::TlsTrust> trust = net::TlsTrust::load(settings.ca_bundle);
  if (!trust) return fail(trust.error());
  auto state = std::make_unique<State>(loop, std::move(settings), limits, std::move(*trust), http_limits);
  state->endpoints = std::move(endpoints);
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

net::Task<Result<boost::json::object>> Client::call(Service service, std::string operation,
                                                    boost::json::object input) {
  const net::Url& endpoint = state_->endpoints[static_cast<std::size_t>(service)];
  const Result<net::HttpRequest> request = make_request(service, operation, input, endpoint);
  if (!request) co_return fail(request.error());
  Retries retries(state_->limits, is_repeatable(operation, input));
  for (;;) {
    net::HttpRequest attempt = *request;
    add_signature(attempt, service, state_->settings);  // anew for each attempt: signatures grow old
    const Result<net::HttpResponse> response = co_await state_->http.send(endpoint, std::move(attempt));
    Result<boost::json::object> answer =
        response ? read_answer(service, operation, *response)
                 : Result<boost::json::object>(
                       fail(response.error().in(fmt::format("{} {}", service_name(service), operation))));
    if (answer) co_return answer;
    const AttemptEnd end = attempt_end(answer.error(), response ? response->status : 0);
    const std::optional<milliseconds> delay = retries.next(end, random_chance());
    if (!delay) {
      if (retries.attempts() > 1)
        answer.error().what += fmt::format(", after {} attempts", retries.attempts());
      co_return answer;
    }
    co_await net::sleep_for(state_->loop, *delay);
  }
}

const Settings& Client::settings() const {
  return state_->settings;
}

net::Loop& Client::loop() const {
  return state_->loop;
}

const net::TlsTrust& Client::trust() const {
  return state_->trust;
}

}  // namespace ferry::aws
