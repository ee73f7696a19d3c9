#include "aws/client.hpp"

#include "aws/answer_shapes.hpp"
#include "aws/credential_fetch.hpp"
#include "aws/credential_provider.hpp"
#include "aws/endpoints.hpp"
#include "aws/protocol.hpp"
#include "aws/reading.hpp"
#include "aws/service_clock.hpp"
#include "aws/shared_limits.hpp"
#include "base/text.hpp"
#include "net/clock.hpp"
#include "net/unless.hpp"
#include "net/url.hpp"
#include "sys/random.hpp"
#include "wire/sigv4.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace ferry::aws {
namespace {

void add_signature(net::HttpRequest& request, Service service, const Settings& settings,
                   const Credentials& credentials, WallTime now) {
  const wire::sigv4::Request unsigned_request{
      .method = request.method, .target = request.target, .headers = request.headers, .body = request.body};
  const wire::sigv4::Identity identity{.access_key_id = credentials.access_key_id,
                                       .secret_access_key = credentials.secret_access_key.reveal(),
                                       .session_token = credentials.session_token.reveal()};
  const std::string region = signing_region(service, settings.region);
  const wire::sigv4::Scope scope{.region = region, .service = service_name(service)};
  net::Headers added = wire::sigv4::sign(unsigned_request, identity, scope, now);
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

// What a service writes about a signature that is not right quotes the request, its session token too.
Failure without_token(Failure failure, const Credentials& credentials) {
  failure.what = redacted(std::move(failure.what), credentials.session_token);
  return failure;
}

// A quarter of an account's limits leaves deployments theirs.
constexpr double kDefaultRateShare = 0.25;

bool is_loopback(const net::Url& url) {
  return url.host == "localhost" || url.host == "::1" || url.host.starts_with("127.");
}

// Nobody listens where the endpoint of this machine is said to be.
Failure with_next_step(Failure failure, const net::Url& endpoint) {
  if (failure.hint.empty() && is_loopback(endpoint) && failure.what.ends_with("Connection refused"))
    failure.hint = "nothing listens there: `ferry local up` starts an endpoint";
  return failure;
}

// How long the service asks us to wait: Retry-After in whole seconds (its other form, a date, no service of
// ours sends), or AWS's own header in milliseconds, which is heeded for 5 s.
milliseconds asked_delay(const net::HttpResponse& response) {
  const auto number = [&](std::string_view name, std::int64_t most) {
    const auto asked = parse_integer(net::find_header(response.headers, name));
    return std::clamp<std::int64_t>(asked.value_or(0), 0, most);
  };
  constexpr std::int64_t kMostSeconds = 3'600;
  constexpr std::int64_t kMostMilliseconds = 5'000;
  return std::max<milliseconds>(seconds(number("Retry-After", kMostSeconds)),
                                milliseconds(number("x-amz-retry-after", kMostMilliseconds)));
}

// What the observer hears of it has no message: those of services may quote what was sent.
void tell(Observer& observer, Attempt attempt, const Result<net::HttpResponse>& response,
          const Result<boost::json::object>& answer) {
  if (response) {
    attempt.status = response->status;
    attempt.request_id = net::find_header(response->headers, "x-amzn-RequestId");
  }
  if (!answer) attempt.failure = response ? answer.error().service_code : answer.error().what;
  observer.attempt(attempt);
}

}  // namespace

struct Client::State {
  State(net::Loop& its_loop, Settings its_settings, CallLimits its_limits, net::Network its_network,
        net::HttpClientLimits http_limits)
      : loop(its_loop),
        settings(std::move(its_settings)),
        limits(its_limits),
        network(std::move(its_network)),
        http(loop, &network, http_limits),
        credentials(
            loop,
            [this](Freshness freshness) {
              return fetch_credentials(loop, network, settings, settings.credentials, freshness);
            },
            [this] { return clock.time(net::wall_now()); }) {
    if (settings.max_attempts) limits.max_attempts = *settings.max_attempts;
  }

  // Whether the source of the credentials can give others than it gave.
  [[nodiscard]] bool can_renew() const {
    return !std::holds_alternative<Credentials>(settings.credentials.kind);
  }

  [[nodiscard]] net::Task<> wait_for_turn(Service service, std::string_view operation,
                                          const boost::json::object& input) {
    const bool is_limited = settings.rate_share || !is_loopback(endpoints[static_cast<std::size_t>(service)]);
    if (!is_limited) co_return;
    const Instant now = net::steady_now();
    const RateShare share{.region = settings.region, .part = settings.rate_share.value_or(kDefaultRateShare)};
    const Instant turn = settings.limits->rates.reserve(share, service, operation, input, now);
    if (turn > now) co_await net::sleep_until(loop, turn);
  }

  net::Loop& loop;
  Settings settings;
  CallLimits limits;
  net::Network network;
  std::array<net::Url, kServices.size()> endpoints;  // as in enum Service
  net::HttpClient http;
  ServiceClock clock;
  CredentialProvider credentials;
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
  Result<net::Network> network = net::Network::load(settings.ca_bundle, settings.proxies);
  if (!network) return fail(network.error());
  if (!settings.limits) settings.limits = std::make_shared<SharedLimits>();
  auto state = std::make_unique<State>(loop, std::move(settings), limits, std::move(*network), http_limits);
  state->endpoints = std::move(endpoints);
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

// One call with all its attempts.
struct Client::Call {
  Call(State& its_state, Service its_service, std::string its_operation, boost::json::object its_input,
       net::Event& its_called_off)
      : state(its_state),
        service(its_service),
        operation(std::move(its_operation)),
        input(std::move(its_input)),
        called_off(its_called_off),
        retries(state.limits, is_repeatable(operation, input), state.settings.limits->retry_quota),
        may_renew(state.can_renew()) {}

  // What may have been started must not be taken for not started: a cancellation then ends as a value.
  net::Task<Result<boost::json::object>> make() {
    try {
      Result<boost::json::object> answer = co_await attempt_until_final();
      co_return answer;
    } catch (const boost::system::system_error&) {
      if (!in_doubt || !starts_something(operation)) throw;
    }
    co_return fail(std::move(*in_doubt));
  }

  net::Task<Result<boost::json::object>> attempt_until_final() {
    const Result<net::HttpRequest> request = make_request(service, operation, input, endpoint());
    if (!request) co_return fail(request.error());
    while (true) {
      std::optional<Result<Credentials>> credentials =
          co_await net::unless(state.loop, called_off, credentials_in_turn());
      if (!credentials) co_return fail(final_failure(not_sent(), AttemptEnd::not_sent));
      if (!*credentials) co_return fail(final_failure(credentials->error(), AttemptEnd::not_sent));
      Result<net::HttpResponse> response = co_await send(*request, **credentials);
      Result<boost::json::object> answer = read(response, **credentials);
      if (answer) {
        retries.succeeded();
        co_return answer;
      }
      if (may_try_at_once(answer.error(), response)) continue;
      const AttemptEnd end = attempt_end(answer.error(), response ? response->status : 0);
      if (end == AttemptEnd::in_doubt && !in_doubt) in_doubt = answer.error();
      const std::optional<milliseconds> delay =
          retries.next(end, sys::random_chance(), response ? asked_delay(*response) : milliseconds(0));
      if (!delay) co_return fail(final_failure(std::move(answer.error()), end));
      co_await called_off.wait_until(net::steady_now() + *delay);
    }
  }

  [[nodiscard]] const net::Url& endpoint() const {
    return state.endpoints[static_cast<std::size_t>(service)];
  }
  [[nodiscard]] std::string name() const { return fmt::format("{} {}", service_name(service), operation); }
  [[nodiscard]] Failure not_sent() const {
    return {.code = FailureCode::cancelled,
            .what = fmt::format("{}: called off before it was sent", name()),
            .hint = {},
            .service_code = {}};
  }

  // As soon as the account's rate lets the next attempt go.
  net::Task<Result<Credentials>> credentials_in_turn() {
    Result<Credentials> credentials = co_await state.credentials.get();
    if (credentials) co_await state.wait_for_turn(service, operation, input);
    co_return credentials;
  }

  net::Task<Result<net::HttpResponse>> send(net::HttpRequest attempt, Credentials credentials) {
    attempt.is_repeatable = is_repeatable(operation, input);
    // Anew for each attempt: signatures grow old. Nobody's credentials: AssumeRoleWithWebIdentity takes none.
    if (!credentials.access_key_id.empty())
      add_signature(attempt, service, state.settings, credentials, state.clock.time(net::wall_now()));
    began_at = net::steady_now();
    try {
      Result<net::HttpResponse> response =
          co_await state.http.send(endpoint(), std::move(attempt), &called_off);
      co_return response;
    } catch (const boost::system::system_error&) {
      const Result<net::HttpResponse> given_up = fail(FailureCode::lost, "given up before the answer");
      const Result<boost::json::object> nothing = read(given_up, credentials);
      if (!in_doubt) in_doubt = nothing.error();
      throw;
    }
  }

  // What the service answered, as the observer hears it too.
  Result<boost::json::object> read(const Result<net::HttpResponse>& response,
                                   const Credentials& credentials) {
    Result<boost::json::object> answer =
        response ? read_answer(service, operation, *response)
                 : Result<boost::json::object>(fail(with_next_step(response.error(), endpoint()).in(name())));
    tell(*state.settings.observer,
         {.service = service_name(service),
          .operation = operation,
          .number = ++attempts,
          .duration = net::steady_now() - began_at,
          .request_id = {},
          .failure = {}},
         response, answer);
    if (!answer) answer = fail(without_token(std::move(answer.error()), credentials));
    return answer;
  }

  // Once for new credentials, once for the service's clock.
  bool may_try_at_once(const Failure& failure, const Result<net::HttpResponse>& response) {
    if (failure.service_code.starts_with("ExpiredToken") && std::exchange(may_renew, false)) {
      state.credentials.forget();
      return true;
    }
    const bool is_followed = response && may_follow_clock &&
                             state.clock.follow(failure.service_code,
                                                net::find_header(response->headers, "Date"), net::wall_now());
    if (is_followed) may_follow_clock = false;
    return is_followed;
  }

  // That a later attempt did not arrive says nothing of the earlier one; nor does a refusal, of what the
  // earlier one may have started.
  Failure final_failure(Failure failure, AttemptEnd end) {
    const bool says_nothing = end == AttemptEnd::not_sent || end == AttemptEnd::throttled;
    if (in_doubt && (says_nothing || starts_something(operation))) failure = std::move(*in_doubt);
    const std::string& renewal = state.settings.credentials.renewal;
    if (failure.service_code.starts_with("ExpiredToken") && !renewal.empty()) failure.hint = renewal;
    if (failure.service_code == "ClusterNotFoundException" && failure.hint.empty())
      failure.hint = fmt::format("check its name and the region, {}", state.settings.region);
    if (retries.attempts() > 1) failure.what += fmt::format(", after {} attempts", retries.attempts());
    return failure;
  }

  State& state;
  Service service;
  std::string operation;
  boost::json::object input;
  net::Event& called_off;
  Retries retries;
  int attempts = 0;
  Instant began_at;                 // the attempt that is under way
  std::optional<Failure> in_doubt;  // the first attempt of which nobody knows what the service did
  bool may_follow_clock = true;
  bool may_renew;
};

net::Task<Result<boost::json::object>> Client::call(Service service, std::string operation,
                                                    boost::json::object input, net::Event* called_off) {
  Result<boost::json::object> answer =
      co_await call_unchecked(service, operation, std::move(input), called_off);
  if (!answer) co_return answer;
  const Result<> usable = check_answer(service, operation, *answer);
  if (!usable) co_return fail(usable.error());
  co_return answer;
}

net::Task<Result<boost::json::object>> Client::call_unchecked(Service service, std::string operation,
                                                              boost::json::object input,
                                                              net::Event* called_off) {
  net::Event never(state_->loop);
  Call call(*state_, service, std::move(operation), std::move(input),
            called_off == nullptr ? never : *called_off);
  Result<boost::json::object> answer = co_await call.make();
  co_return answer;
}

net::Task<Result<Credentials>> Client::credentials() {
  return state_->credentials.get();
}

bool Client::forget_credentials() {
  if (!state_->can_renew()) return false;
  state_->credentials.forget();
  return true;
}

WallTime Client::time() const {
  return state_->clock.time(net::wall_now());
}

const Settings& Client::settings() const {
  return state_->settings;
}

net::Loop& Client::loop() const {
  return state_->loop;
}

const net::Network& Client::network() const {
  return state_->network;
}

}  // namespace ferry::aws
