#include "session/dialler.hpp"

#include "net/clock.hpp"
#include "net/url.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ferry::session {

namespace {

// A server that restarts is back within these; one that is not there should be said so soon.
constexpr int first_attempts = 3;

// Whether the same attempt will fail in the same way.
bool is_final(FailureCode code) {
  switch (code) {
    case FailureCode::usage:
    case FailureCode::denied:
    case FailureCode::not_found:
    case FailureCode::cancelled:
    case FailureCode::local_system:
      return true;
    default:
      return false;
  }
}

milliseconds random_first_pause(const ConnectionTimes& times) {
  constexpr int chances = 256;
  return times.first_pause + times.first_pause * sys::random_bytes(1).front() / chances;
}

// The stream's own path and query at the host that is to be dialled.
Result<net::Url> url_to_dial(const std::string& stream_url, const std::string& endpoint) {
  Result<net::Url> url = net::parse_url(stream_url);
  if (!url || endpoint.empty()) return url;
  Result<net::Url> door = net::parse_url(endpoint);
  if (!door) return fail(door.error().in("the endpoint of ssmmessages"));
  door->scheme = door->is_secure() ? "wss" : "ws";
  door->target = std::move(url->target);
  return door;
}

}  // namespace

Dialler::Dialler(net::Loop& loop, const net::Network& network, Address address, ChannelDoor door,
                 RenewToken renew_token, OnUnsigned on_unsigned, ConnectionTimes times)
    : loop_(loop),
      network_(network),
      address_(std::move(address)),
      door_(std::move(door)),
      renew_token_(std::move(renew_token)),
      on_unsigned_(std::move(on_unsigned)),
      times_(times),
      next_pause_(random_first_pause(times)) {}

void Dialler::connection_is_good() {
  try_until_.reset();
}

net::Task<> Dialler::pause() {
  const milliseconds duration = next_pause_;
  next_pause_ = std::min(2 * next_pause_, times_.longest_pause);
  co_await net::sleep_for(loop_, duration);
}

net::Task<Result<net::WebSocket>> Dialler::dial(milliseconds timeout) {
  const Result<net::Url> url = url_to_dial(address_.stream_url, door_.endpoint);
  if (!url) co_return fail(url.error());
  Result<net::WebSocket> socket = co_await open(*url, timeout);
  const bool is_expired = !socket && wire::is_refused_as_expired(socket.error());
  if (is_expired && door_.forget_identity && door_.forget_identity()) socket = co_await open(*url, timeout);
  co_return socket;
}

net::Task<Result<net::WebSocket>> Dialler::open(net::Url url, milliseconds timeout) {
  const Signature signature = co_await signature_for(url);
  net::WebSocketLimits limits;
  limits.connect_timeout = std::min(limits.connect_timeout, timeout);
  Result<net::WebSocket> socket =
      co_await net::WebSocket::connect(loop_, &network_, url, limits, signature.headers);
  if (socket) co_return socket;
  Failure refusal = socket.error();
  // What a service writes about a signature that is not right quotes the request.
  refusal.what = redacted(std::move(refusal.what), signature.session_token);
  co_return fail(wire::explain_refused_channel(std::move(refusal), signature.opener));
}

net::Task<Dialler::Signature> Dialler::signature_for(net::Url url) {
  using wire::ChannelOpening;
  const Result<net::Url> stream = net::parse_url(address_.stream_url);
  std::string region = stream ? wire::region_of_channel(stream->host) : std::string();
  if (region.empty()) region = door_.region;
  Signature signature;
  signature.opener.session_arn = wire::session_resource(door_.arn, region, address_.session_id);
  signature.opener.opening = wire::channel_opening(url.target, door_.is_unsigned_by_choice, true);
  signature.opener.region = region;
  if (signature.opener.opening != ChannelOpening::with_signature) co_return signature;
  if (!door_.identity) {
    signature.opener.opening = ChannelOpening::without_credentials;
    co_return signature;
  }
  const Result<ChannelIdentity> identity = co_await door_.identity();
  if (!identity) {
    signature.opener.opening = ChannelOpening::without_credentials;
    if (const OnUnsigned tell = std::exchange(on_unsigned_, nullptr)) tell(identity.error());
    co_return signature;
  }
  if (region.empty()) region = identity->region;
  signature.opener.region = region;
  signature.opener.session_arn = wire::session_resource(door_.arn, region, address_.session_id);
  signature.opener.access_key_id = identity->access_key_id;
  signature.opener.source = identity->source;
  signature.session_token = identity->session_token;
  signature.headers = wire::sign_channel(url.authority(), url.target,
                                         {.access_key_id = identity->access_key_id,
                                          .secret_access_key = identity->secret_access_key.reveal(),
                                          .session_token = identity->session_token.reveal()},
                                         region, identity->now);
  co_return signature;
}

net::Task<Result<Dialler::Connection>> Dialler::connect() {
  for (int attempt = 1;; ++attempt) {
    Result<net::WebSocket> socket = co_await dial(net::WebSocketLimits{}.connect_timeout);
    if (socket) co_return Connection{.socket = std::move(*socket), .token_value = address_.token_value};
    if (attempt == first_attempts || is_final(socket.error().code)) co_return fail(socket.error());
    co_await pause();
  }
}

net::Task<Result<Dialler::Connection>> Dialler::reconnect() {
  if (!try_until_) {
    try_until_ = net::steady_now() + times_.resume_within;
    next_pause_ = random_first_pause(times_);
    last_failure_.reset();
  }
  while (true) {
    co_await pause();
    const milliseconds time_left = *try_until_ - net::steady_now();
    if (time_left <= milliseconds(0)) co_return fail(given_up());
    Result<Renewal> renewal = co_await renew_token_();
    if (!renewal) {
      const bool is_session_over = renewal.error().code == FailureCode::lost;
      if (is_session_over || is_final(renewal.error().code)) co_return fail(renewal.error());
      last_failure_ = renewal.error();
      continue;
    }
    if (!renewal->stream_url.empty()) address_.stream_url = std::move(renewal->stream_url);
    Result<net::WebSocket> socket = co_await dial(time_left);
    if (socket)
      co_return Connection{.socket = std::move(*socket), .token_value = std::move(renewal->token_value)};
    if (is_final(socket.error().code)) co_return fail(socket.error());
    last_failure_ = socket.error();
  }
}

Failure Dialler::given_up() const {
  const std::string context =
      fmt::format("no connection in {} s", std::chrono::duration<double>(times_.resume_within).count());
  if (last_failure_) return last_failure_->in(context);
  return {.code = FailureCode::lost,
          .what = fmt::format("{} that lasted", context),
          .hint = {},
          .service_code = {}};
}

}  // namespace ferry::session
