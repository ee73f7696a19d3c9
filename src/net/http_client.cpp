#include "net/http_client.hpp"

#include "base/secret.hpp"
#include "net/clock.hpp"
#include "net/connection.hpp"
#include "net/http_codec.hpp"
#include "net/unless.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ferry::net {
namespace {

constexpr std::size_t kMaxIdlePerHost = 4;

struct Exchange {
  Result<HttpResponse> answer;
  bool has_answer_begun = false;
  bool keeps_alive = false;
};

Result<> check(const HttpRequest& request) {
  const auto is_word = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  };
  if (!is_word(request.method) || !is_word(request.target)) {
    return fail(FailureCode::usage, "the request's method or target holds a blank or a control character");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_safe_header(name, value)) {
      return fail(FailureCode::usage, fmt::format("header {} holds a control character", name));
    }
  }
  return {};
}

Failure not_sent() {
  return {.code = FailureCode::cancelled,
          .what = "called off before it was sent",
          .hint = {},
          .service_code = {}};
}

// As it goes over the wire: a proxy without a tunnel gets the whole URL, and what it wants to know of us.
Result<HttpRequest> as_sent(HttpRequest request, const Network* network, const Url& url) {
  if (network == nullptr || url.is_secure()) return request;
  const Result<std::optional<Proxy>> proxy = network->proxies.proxy_for(url);
  if (!proxy) return fail(proxy.error());
  if (!*proxy) return request;
  request.target = fmt::format("{}://{}{}", url.scheme, url.authority(), request.target);
  const std::string& authorization = (*proxy)->authorization;
  if (!authorization.empty()) request.headers.emplace_back("Proxy-Authorization", authorization);
  return request;
}

}  // namespace

struct HttpClient::State {
  struct Idle {
    std::unique_ptr<Connection> connection;
    Instant since;
  };

  State(Loop& shared_loop, const Network* shared_network, HttpClientLimits given)
      : loop(shared_loop), network(shared_network), limits(given) {}

  // One that nothing speaks against, or null.
  std::unique_ptr<Connection> take_idle(const std::string& origin, bool is_repeatable);
  void keep(const std::string& origin, std::unique_ptr<Connection> connection);

  static Task<Exchange> exchange(std::shared_ptr<State> state, Connection& connection, Url url,
                                 const HttpRequest& request);
  static Task<Exchange> read_answer(std::shared_ptr<State> state, Connection& connection);
  static Task<Result<std::unique_ptr<Connection>>> connect_unless(std::shared_ptr<State> state, Url url,
                                                                  Event* called_off);
  static Task<Result<HttpResponse>> send(std::shared_ptr<State> state, Url url, HttpRequest request,
                                         Event* called_off);

  Loop& loop;
  const Network* network;
  HttpClientLimits limits;
  std::map<std::string, std::vector<Idle>> idle;
};

std::unique_ptr<Connection> HttpClient::State::take_idle(const std::string& origin, bool is_repeatable) {
  std::vector<Idle>& connections = idle[origin];
  while (!connections.empty()) {
    // The last one has been idle for the shortest time.
    if (!is_repeatable && steady_now() - connections.back().since > limits.longest_idle) return nullptr;
    std::unique_ptr<Connection> connection = std::move(connections.back().connection);
    connections.pop_back();
    if (!connection->has_input()) return connection;
  }
  return nullptr;
}

void HttpClient::State::keep(const std::string& origin, std::unique_ptr<Connection> connection) {
  std::vector<Idle>& connections = idle[origin];
  if (connections.size() == kMaxIdlePerHost) connections.erase(connections.begin());
  connections.push_back({.connection = std::move(connection), .since = steady_now()});
}

Task<Exchange> HttpClient::State::read_answer(std::shared_ptr<State> state, Connection& connection) {
  Exchange exchange;
  ResponseReader reader(state->limits.max_answer_bytes);
  std::string buffer;
  std::array<char, 16384> piece{};
  ReadProgress progress = ReadProgress::incomplete;
  while (progress == ReadProgress::incomplete) {
    const Connection::ReadOutcome outcome = co_await connection.read_some(piece);
    if (outcome.count > 0) {
      exchange.has_answer_begun = true;
      buffer.append(piece.data(), outcome.count);
      progress = reader.take_from(buffer);
    } else {
      if (outcome.error == asio::error::eof) progress = reader.end();
      if (progress == ReadProgress::complete) break;
      exchange.answer = fail(
          FailureCode::lost,
          fmt::format("the connection ended before the answer was complete: {}", outcome.error.message()));
      co_return exchange;
    }
  }
  if (progress == ReadProgress::complete) {
    exchange.keeps_alive = reader.keeps_alive() && buffer.empty();
    exchange.answer = reader.response();
  } else if (progress == ReadProgress::body_too_large) {
    exchange.answer = fail(FailureCode::protocol,
                           fmt::format("the answer is larger than {} bytes", state->limits.max_answer_bytes));
  } else if (progress == ReadProgress::header_too_large) {
    exchange.answer = fail(
        FailureCode::protocol,
        fmt::format("the answer's header is larger than {} bytes, or does not end", kMaxResponseHeaderBytes));
  } else {
    exchange.answer = fail(FailureCode::protocol, "the answer is not HTTP/1.1");
  }
  co_return exchange;
}

Task<Exchange> HttpClient::State::exchange(std::shared_ptr<State> state, Connection& connection, Url url,
                                           const HttpRequest& request) {
  asio::io_context& context = state->loop.reactor().context;
  const milliseconds timeout = state->limits.answer_timeout;
  const Secret message(request_head(request, url.authority()) + request.body);  // its headers may have tokens
  Exchange exchange;
  {
    const Deadline timer(context, timeout, [&connection] { connection.close(); });
    const error_code error = co_await connection.write(message.reveal());
    if (timer.has_expired()) {
      exchange.has_answer_begun = true;  // not a stale connection: it took a part
      exchange.answer = fail(FailureCode::timed_out,
                             fmt::format("the request was not taken within {} ms", timeout.count()));
      co_return exchange;
    }
    // A server may refuse a long request before it has read it all: its answer says more than the error.
    if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) {
      exchange.answer = fail(FailureCode::lost, fmt::format("the connection ended: {}", error.message()));
      co_return exchange;
    }
  }
  const Deadline timer(context, timeout, [&connection] { connection.close(); });
  exchange = co_await read_answer(state, connection);
  if (!exchange.answer && timer.has_expired()) {
    exchange.has_answer_begun = true;
    exchange.answer = fail(FailureCode::timed_out, fmt::format("no answer within {} ms", timeout.count()));
  }
  co_return exchange;
}

Task<Result<std::unique_ptr<Connection>>> HttpClient::State::connect_unless(std::shared_ptr<State> state,
                                                                            Url url, Event* called_off) {
  using Connected = Result<std::unique_ptr<Connection>>;
  Event never(state->loop);
  std::optional<Connected> connected =
      co_await unless(state->loop, called_off == nullptr ? never : *called_off,
                      connect(state->loop, state->network, url, state->limits.connect_timeout));
  if (!connected) co_return fail(not_sent());
  co_return std::move(*connected);
}

Task<Result<HttpResponse>> HttpClient::State::send(std::shared_ptr<State> state, Url url, HttpRequest request,
                                                   Event* called_off) {
  co_await throw_if_cancelled();
  if (called_off != nullptr && called_off->is_set()) co_return fail(not_sent());
  Result<> usable = check(request);
  if (!usable) co_return fail(std::move(usable.error()));
  const Result<HttpRequest> sent = as_sent(std::move(request), state->network, url);
  if (!sent) co_return fail(sent.error());
  const std::string origin = fmt::format("{}://{}:{}", url.scheme, url.host, url.port);
  std::unique_ptr<Connection> connection = state->take_idle(origin, sent->is_repeatable);
  bool is_fresh = connection == nullptr;
  std::optional<Failure> earlier;
  while (true) {
    if (is_fresh) {
      Result<std::unique_ptr<Connection>> connected = co_await connect_unless(state, url, called_off);
      // That it could not be sent again says nothing of the first time.
      if (!connected) co_return fail(earlier ? std::move(*earlier) : std::move(connected.error()));
      connection = std::move(*connected);
      // While the connection was made, or since.
      if (called_off != nullptr && called_off->is_set())
        co_return fail(earlier ? std::move(*earlier) : not_sent());
    }
    Exchange exchange = co_await State::exchange(state, *connection, url, *sent);
    if (exchange.answer) {
      if (exchange.keeps_alive) state->keep(origin, std::move(connection));
      co_return std::move(exchange.answer);
    }
    const bool is_stale = !is_fresh && !exchange.has_answer_begun && sent->is_repeatable;
    Failure failure = exchange.answer.error().in(origin);
    if (!is_stale) co_return fail(std::move(failure));
    is_fresh = true;
    earlier = std::move(failure);
  }
}

HttpClient::HttpClient(Loop& loop, const Network* network, HttpClientLimits limits)
    : state_(std::make_shared<State>(loop, network, limits)) {}

HttpClient::~HttpClient() = default;

Task<Result<HttpResponse>> HttpClient::send(Url origin, HttpRequest request, Event* called_off) {
  return State::send(state_, std::move(origin), std::move(request), called_off);
}

}  // namespace ferry::net
